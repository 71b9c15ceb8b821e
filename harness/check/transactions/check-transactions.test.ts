import { expect, test } from "vitest";
import { runSync } from "../search/drive.ts";
import { seeded } from "../simulate.ts";
import { distinct, type Found, findCycles } from "./cycles.ts";
import { dependencies } from "./dependencies.ts";
import { type AnomalyName, type Level, levels, ruledOut, TransactionCheck, type TransactionFinding } from "./index.ts";
import { endedBefore, isSerializable, isSnapshotIsolated, sameProcessBefore } from "./testing.ts";
import type { MicroOperation, Transaction } from "./transaction.ts";
import { versionsOf } from "./versions.ts";
import { runWorkload, type Weakness, type Workload } from "./weak-database.ts";

const check = (transactions: readonly Transaction[], level?: Level): TransactionFinding =>
  runSync(new TransactionCheck(transactions, level === undefined ? {} : { level }));

/**
 * One transaction a line, such as "0-5@p ax1 rx[1,2] ?": when it began and ended, its process (if it is not one of its own),
 * "a" appends and "r" reads, in the end "!" when it failed and "?" when nobody heard of it.
 */
function transactions(...lines: string[]): Transaction[] {
  return lines.map((line, process): Transaction => {
    const [when, ...rest] = line.split(" ");
    const [times, own] = when!.split("@");
    const [invoke, completion] = times!.split("-").map(Number);
    const outcome = rest.at(-1) === "!" ? "fail" : rest.at(-1) === "?" ? "info" : "ok";
    const operations = rest.flatMap((part): MicroOperation[] => {
      if (part === "!" || part === "?") return [];
      const [f, key, value] = [part[0], part[1]!, part.slice(2)];
      if (f === "a") return [{ f: "append", key, value: Number(value) }];
      return [{ f: "read", key, value: outcome === "ok" ? JSON.parse(value) : undefined }];
    });
    return {
      name: `the transaction of ${process}`,
      process: own ?? process,
      outcome,
      operations,
      invoke: invoke!,
      completion,
    };
  });
}

/** For each anomaly a history that has it and nothing graver, and a slight change of it that has not. */
const planted: [name: AnomalyName, level: Level, history: string[], sound: string[]][] = [
  ["duplicate-elements", "read-uncommitted", ["0-9 ax1", "0-9 rx[1,1]"], ["0-9 ax1", "0-9 rx[1]"]],
  ["garbage-read", "read-uncommitted", ["0-9 ax1", "0-9 rx[2]"], ["0-9 ax1 ax2", "0-9 rx[1,2]"]],
  [
    "G0",
    "read-uncommitted",
    ["0-9 ax1 ay1", "0-9 ax2 ay2", "0-9 rx[1,2]", "0-9 ry[2,1]"],
    ["0-9 ax1 ay1", "0-9 ax2 ay2", "0-9 rx[1,2]", "0-9 ry[1,2]"],
  ],
  ["incompatible-order", "read-committed", ["0-9 ax1", "0-9 ax2", "0-9 rx[1]", "0-9 rx[2]"], ["0-9 ax1", "0-9 rx[1]"]],
  [
    "dirty-update",
    "read-committed",
    ["0-9 ax1 ax3", "0-9 ax2", "0-9 rx[1,2,3]"],
    ["0-9 ax1 ax3", "0-9 ax2", "0-9 rx[1,3,2]"],
  ],
  ["G1a", "read-committed", ["0-9 ax1 !", "0-9 rx[1]"], ["0-9 ax1 ?", "0-9 rx[1]"]],
  ["G1b", "read-committed", ["0-9 ax1 ax2", "0-9 rx[1]"], ["0-9 ax1 ax2", "0-9 rx[1,2]"]],
  ["G1c", "read-committed", ["0-9 ax1 ry[2]", "0-9 ay2 rx[1]"], ["0-9 ax1 ry[]", "0-9 ay2 rx[1]"]],
  ["internal", "repeatable-read", ["0-9 ax1 rx[]"], ["0-9 ax1 rx[1]"]],
  [
    "lost-update",
    "repeatable-read",
    ["0-9 rx[] ax1", "0-9 rx[] ax2", "0-9 rx[1,2]"],
    ["0-9 rx[] ax1", "0-9 rx[1] ax2", "0-9 rx[1,2]"],
  ],
  ["G-single", "repeatable-read", ["0-9 ax1 ay1", "0-9 rx[] ry[1]"], ["0-9 ax1 ay1", "0-9 rx[1] ry[1]"]],
  [
    "G-nonadjacent",
    "snapshot-isolation",
    ["0-9 ax1 ay1", "0-9 rx[1] rz[]", "0-9 az1 au1", "0-9 ru[1] ry[]"],
    ["0-9 ax1 ay1", "0-9 rx[1] rz[]", "0-9 az1 au1", "0-9 ru[1] ry[1]"],
  ],
  ["G2-item", "repeatable-read", ["0-9 rx[] ay1", "0-9 ry[] ax1"], ["0-9 rx[] ay1", "0-9 ry[1] ax1"]],
  [
    "G0-realtime",
    "strong-snapshot-isolation",
    ["0-1 ax1", "2-3 ax2", "4-5 rx[2,1]"],
    ["0-1 ax1", "2-3 ax2", "4-5 rx[1,2]"],
  ],
  ["G1c-realtime", "strong-snapshot-isolation", ["0-1 rx[1]", "2-3 ax1"], ["0-2 rx[1]", "1-3 ax1"]],
  ["G-single-realtime", "strong-snapshot-isolation", ["0-1 ax1", "2-3 rx[]"], ["0-2 ax1", "1-3 rx[]"]],
  [
    "G-nonadjacent-realtime",
    "strong-snapshot-isolation",
    ["0-1 ay1", "2-3 rx[]", "0-9 ax1 az1", "0-9 rz[1] ry[]"],
    ["0-1 ay1", "0-3 rx[]", "0-9 ax1 az1", "0-9 rz[1] ry[]"],
  ],
  [
    "G2-item-realtime",
    "strict-serializable",
    ["0-1 ay1", "0-9 ry[] ax1", "2-3 rx[]"],
    ["0-1 ay1", "0-9 ry[] ax1", "0-3 rx[]"],
  ],
  [
    "G0-session",
    "strong-session-snapshot-isolation",
    ["0-1@p ax1", "2-3@p ax2", "4-5 rx[2,1]"],
    ["0-1@p ax1", "2-3@p ax2", "4-5 rx[1,2]"],
  ],
  ["G1c-session", "strong-session-snapshot-isolation", ["0-1@p rx[1]", "2-3@p ax1"], ["0-1@p rx[1]", "0-3@q ax1"]],
  ["G-single-session", "strong-session-snapshot-isolation", ["0-1@p ax1", "2-3@p rx[]"], ["0-1@p ax1", "2-3@q rx[]"]],
  [
    "G-nonadjacent-session",
    "strong-session-snapshot-isolation",
    ["0-1@p ay1", "2-3@p rx[]", "0-9 ax1 az1", "0-9 rz[1] ry[]"],
    ["0-1@p ay1", "2-3@q rx[]", "0-9 ax1 az1", "0-9 rz[1] ry[]"],
  ],
  [
    "G2-item-session",
    "strong-session-serializable",
    ["0-1@p ay1", "0-9 ry[] ax1", "2-3@p rx[]"],
    ["0-1@p ay1", "0-9 ry[] ax1", "2-3@q rx[]"],
  ],
];

test.each(planted)("%s is found, and forbidden from %s on", (name, level, history, sound) => {
  const found = check(transactions(...history));
  expect(found.anomalies[0]!.name).toBe(name);
  expect(found.verdict.verdict).toBe("invalid");
  expect(found.ruledOut).toContain(level);
  expect(ruledOut([name])).toEqual(found.ruledOut);
  expect(check(transactions(...history), level).verdict.verdict).toBe("invalid");
  const names = check(transactions(...sound)).anomalies.map((one) => one.name);
  expect(names).not.toContain(name);
});

test("orders count for levels that promise them, and for no weaker one", () => {
  const backwards = transactions("0-1@p ax1", "2-3@p rx[]");
  const names = (level: Level) => check(backwards, level).anomalies.map(({ name }) => name);
  expect(names("serializable")).toEqual([]);
  expect(names("strong-session-serializable")).toEqual(["G-single-session"]);
  expect(check(backwards, "serializable")).toMatchObject({
    verdict: { verdict: "valid" },
    unchecked: levels.filter((level) => level.startsWith("str")),
  });
  expect(check(backwards, "strong-session-serializable").unchecked).toEqual([]);
});

test("what two unseen appends of readers mean is found out: whichever is first, there is read skew", () => {
  const history = transactions("0-9 ry[] ay1 ax2", "0-9 rx[] ay4", "0-9 rx[2]");
  expect(check(history).anomalies.map(({ name }) => name)).toEqual(["G-single"]);
  expect(isSnapshotIsolated(history)).toBe(false);
});

test("what is certain whatever became of an unanswered transaction is told, and nothing else", () => {
  const pending = ["0-9 ax1 ay1 ?", "0-9 ax2 ay2"];
  // Had it failed, it would be no cycle of writes, but a read of what failed.
  const found = check(transactions(...pending, "0-9 rx[1,2]", "0-9 ry[2,1]"));
  expect(found.anomalies.map(({ name }) => name)).toEqual(["G1c"]);
  // Nobody saw it: it need not have happened.
  expect(check(transactions("0-9 ax1 ay1 ?", "10-11 rx[] ry[]")).verdict.verdict).toBe("valid");
});

test("appends that cannot be told apart are unknown", () => {
  expect(check(transactions("0-9 ax1", "0-9 ax1", "0-9 rx[1]")).verdict).toEqual({
    verdict: "unknown",
    reason: expect.stringMatching(/both append 1 to x/),
  });
});

test("without time it is unknown", () => {
  const finding = runSync(
    new TransactionCheck(transactions("0-9 rx[] ay1", "0-9 ry[] ax1"), { budget: { milliseconds: 1e-9 } }),
  );
  expect(finding).toMatchObject({ complete: false, verdict: { verdict: "unknown" } });
});

test("what was found before time ran out counts", () => {
  const history = transactions("0-9 ax1 ay1", "0-9 ax2 ay2", "0-9 rx[1,2]", "0-9 ry[2,1]");
  const graph = dependencies(history, versionsOf(history), { session: false, realtime: false });
  const found: Found = new Map();
  const search = findCycles(graph, history, [{ suffix: "", kinds: 0 }], found);
  while (found.size === 0) expect(search.next().done).toBe(false);
  expect(distinct(found).map(({ name }) => name)).toEqual(["G0"]);
});

test("one long cycle with one anti-dependency is found among many short ones with two", () => {
  const length = 300;
  const ring = Array.from({ length }, (_, k) => {
    const anti = k === 0 ? " ab1" : k === length - 1 ? " rb[]" : "";
    return `${k}-9999 aa${k}${anti}`;
  });
  const order = Array.from({ length }, (_, k) => k);
  // Every two of these are write skew, and what they read of the ring makes them part of it.
  const noise = Array.from({ length: 100 }, (_, k) => [
    `${k}-9999 rc[] ad${k} ra[${order.slice(0, k + 100)}]`,
    `${k}-9999 rd[] ac${k}`,
  ]);
  const whole = `0-9999 ra[${order}]`;
  const finding = check(transactions(...ring, ...noise.flat(), whole), "serializable");
  expect(finding.complete).toBe(true);
  const single = finding.anomalies.find(({ name }) => name === "G-single");
  expect(single?.transactions).toHaveLength(length);
  expect(single?.story.length).toBeLessThan(30);
});

test("a cycle is told as a story", () => {
  const [anomaly] = check(transactions("0-9 ax1 ay1", "0-9 rx[] ry[1]")).anomalies;
  expect(anomaly!.story).toEqual([
    "T1 is the transaction of 1: read x as [], read y as [1].",
    "T2 is the transaction of 0: append 1 to x, append 1 to y.",
    "T1 read x as [], without 1, which T2 appended: T1 comes before T2.",
    "T2 appended 1 to y, and T1 read it: T2 comes before T1.",
    "So T1 would come before itself.",
  ]);
});

// --- histories of databases that keep a level and no more

const workload = (weakness: Weakness, more: Partial<Workload> = {}): Workload => ({
  weakness,
  clients: 3,
  transactions: 14,
  keys: 3,
  steps: 4,
  aborts: 100,
  lost: 50,
  ...more,
});

const promises: [Weakness, promised: Level | undefined, found: AnomalyName[]][] = [
  ["none", undefined, ["G0", "dirty-update", "G1a", "G1b", "G1c"]],
  ["read-uncommitted", "read-uncommitted", ["G1a", "G1b", "G1c", "incompatible-order"]],
  ["read-committed", "read-committed", ["internal", "lost-update", "G-single", "G2-item"]],
  ["snapshot-isolation", "strong-snapshot-isolation", ["G2-item"]],
  ["stale-serializable", "serializable", ["G-single-realtime", "G-single-session"]],
  ["strict-serializable", "strict-serializable", []],
];

test.each(promises)(
  "a database without isolation beyond %s keeps %s, and shows what that allows",
  (weakness, promised, expected) => {
    const names = new Set<AnomalyName>();
    for (let seed = 0; seed < 400; seed++) {
      const history = runWorkload(workload(weakness), seeded(seed));
      const { anomalies, ruledOut: out, complete } = check(history);
      expect(complete).toBe(true);
      if (promised) expect(out, `seed ${seed}`).not.toContain(promised);
      for (const { name } of anomalies) names.add(name);
    }
    for (const name of expected) expect([...names]).toContain(name);
    if (weakness === "strict-serializable") expect([...names]).toEqual([]);
  },
);

test("what is ruled out is what trying every order rules out", () => {
  const counts = new Map<Level, number>();
  const weaknesses: Weakness[] = [
    "none",
    "read-uncommitted",
    "read-committed",
    "snapshot-isolation",
    "stale-serializable",
  ];
  for (let seed = 0; seed < 3_000; seed++) {
    const small = { transactions: 4, keys: 2, steps: 3 };
    const history = runWorkload(workload(weaknesses[seed % weaknesses.length]!, small), seeded(seed));
    const out = new Set(check(history).ruledOut);
    const told = `seed ${seed}`;
    expect(out.has("serializable"), told).toBe(!isSerializable(history));
    expect(out.has("strong-session-serializable"), told).toBe(!isSerializable(history, sameProcessBefore));
    expect(out.has("strict-serializable"), told).toBe(!isSerializable(history, endedBefore));
    expect(out.has("snapshot-isolation"), told).toBe(!isSnapshotIsolated(history));
    expect(out.has("strong-session-snapshot-isolation"), told).toBe(!isSnapshotIsolated(history, sameProcessBefore));
    expect(out.has("strong-snapshot-isolation"), told).toBe(!isSnapshotIsolated(history, endedBefore));
    for (const level of out) counts.set(level, (counts.get(level) ?? 0) + 1);
  }
  // None of these is trivial.
  for (const level of levels) expect(counts.get(level), level).toBeGreaterThan(1);
}, 60_000);
