/**
 * Isolation levels, weakest first, each with the levels that it is stronger than (Adya 1999; Cerone and Gotsman 2016 for
 * snapshot isolation; Daudjee and Salem 2006 for the strong and the strong session forms).
 */
const weaker = {
  "read-uncommitted": [],
  "read-committed": ["read-uncommitted"],
  "repeatable-read": ["read-committed"],
  "snapshot-isolation": ["read-committed"],
  "strong-session-snapshot-isolation": ["snapshot-isolation"],
  "strong-snapshot-isolation": ["strong-session-snapshot-isolation"],
  serializable: ["repeatable-read", "snapshot-isolation"],
  "strong-session-serializable": ["serializable", "strong-session-snapshot-isolation"],
  "strict-serializable": ["strong-session-serializable", "strong-snapshot-isolation"],
} as const satisfies Record<string, readonly string[]>;

export type Level = keyof typeof weaker;

const isLevel = (name: string): name is Level => Object.hasOwn(weaker, name);

/** All levels, weakest first. */
export const levels: readonly Level[] = Object.keys(weaker).filter(isLevel);

/** What is asked for when nobody says otherwise. */
export const strongest: Level = "strict-serializable";

/** Anomalies that are cycles, by the edges that they need; the same with edges of sessions or of real time as well. */
export type CycleName = "G0" | "G1c" | "G-single" | "G-nonadjacent" | "G2-item";
export type AnomalyName =
  | CycleName
  | `${CycleName}-session`
  | `${CycleName}-realtime`
  | "G1a"
  | "G1b"
  | "dirty-update"
  | "duplicate-elements"
  | "garbage-read"
  | "incompatible-order"
  | "internal"
  | "lost-update";

/** What each anomaly is, in words, and the weakest levels that forbid it; the gravest anomalies first. */
const anomalies: Record<AnomalyName, { title: string; forbiddenBy: readonly Level[] }> = {
  "duplicate-elements": { title: "an append took effect twice", forbiddenBy: ["read-uncommitted"] },
  "garbage-read": { title: "a read of what nobody appended", forbiddenBy: ["read-uncommitted"] },
  G0: { title: "dirty write: a cycle of writes", forbiddenBy: ["read-uncommitted"] },
  "incompatible-order": { title: "two reads that no one order of appends explains", forbiddenBy: ["read-committed"] },
  "dirty-update": { title: "an append upon what was not committed", forbiddenBy: ["read-committed"] },
  G1a: { title: "aborted read", forbiddenBy: ["read-committed"] },
  G1b: { title: "intermediate read", forbiddenBy: ["read-committed"] },
  G1c: { title: "circular information flow", forbiddenBy: ["read-committed"] },
  internal: {
    title: "a transaction that contradicts its own reads and appends",
    forbiddenBy: ["repeatable-read", "snapshot-isolation"],
  },
  "lost-update": { title: "lost update", forbiddenBy: ["repeatable-read", "snapshot-isolation"] },
  "G-single": { title: "read skew", forbiddenBy: ["repeatable-read", "snapshot-isolation"] },
  "G-nonadjacent": {
    title: "a cycle in which no two reads in a row miss a write",
    forbiddenBy: ["repeatable-read", "snapshot-isolation"],
  },
  "G2-item": { title: "write skew: a cycle of reads that miss a write", forbiddenBy: ["repeatable-read"] },
  "G0-session": {
    title: "a cycle of writes, against the order of a process",
    forbiddenBy: ["strong-session-snapshot-isolation"],
  },
  "G1c-session": {
    title: "circular information flow, against the order of a process",
    forbiddenBy: ["strong-session-snapshot-isolation"],
  },
  "G-single-session": {
    title: "read skew, against the order of a process",
    forbiddenBy: ["strong-session-snapshot-isolation"],
  },
  "G-nonadjacent-session": {
    title: "a cycle in which no two reads in a row miss a write, against the order of a process",
    forbiddenBy: ["strong-session-snapshot-isolation"],
  },
  "G2-item-session": {
    title: "write skew, against the order of a process",
    forbiddenBy: ["strong-session-serializable"],
  },
  "G0-realtime": { title: "a cycle of writes, against real time", forbiddenBy: ["strong-snapshot-isolation"] },
  "G1c-realtime": { title: "circular information flow, against real time", forbiddenBy: ["strong-snapshot-isolation"] },
  "G-single-realtime": { title: "read skew, against real time", forbiddenBy: ["strong-snapshot-isolation"] },
  "G-nonadjacent-realtime": {
    title: "a cycle in which no two reads in a row miss a write, against real time",
    forbiddenBy: ["strong-snapshot-isolation"],
  },
  "G2-item-realtime": { title: "write skew, against real time", forbiddenBy: ["strict-serializable"] },
};

const gravity = Object.keys(anomalies);

/** In words. */
export const titleOf = (name: AnomalyName): string => anomalies[name].title;

/** For sorting: the gravest first. */
export const byGravity = (a: AnomalyName, b: AnomalyName): number => gravity.indexOf(a) - gravity.indexOf(b);

/** Whether a level promises all that another one does. */
export function includes(level: Level, other: Level): boolean {
  return level === other || weaker[level].some((next) => includes(next, other));
}

/** The levels that any of the anomalies rules out, weakest first. */
export function ruledOut(names: Iterable<AnomalyName>): Level[] {
  const forbidding = new Set([...names].flatMap((name) => anomalies[name].forbiddenBy));
  return levels.filter((level) => [...forbidding].some((least) => includes(level, least)));
}
