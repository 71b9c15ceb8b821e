import { type History, type HistoryEvent, type LedgerEvent, type Performed, performed } from "../history/index.ts";
import type { Checker } from "./checker.ts";
import { eventsOf, invalid, nameOf } from "./evidence.ts";
import type { Verdict } from "./verdict.ts";

export interface ExactlyOnce {
  /** what an event makes happen, by an id of its own; undefined when it is none of this */
  happened(event: HistoryEvent, index: number): string | undefined;
  /** which id an operation asks for, if any */
  asked(one: Performed): string | undefined;
  /**
   * Whether what it asked for must have happened by the end: by default if its client got a success, or its invocation
   * was seen to succeed.
   */
  due?(one: Performed): boolean;
}

/**
 * What somebody was promised happened once; what was asked for without an answer happened at most once.
 *
 *     exactlyOnce({
 *       happened: (event) => (event.type === "effect" && event.action === "work" ? event.key : undefined),
 *       asked: ({ operation }) => (operation.kind === "submit" ? operation.idempotencyKey : undefined),
 *     })
 */
export function exactlyOnce({ happened, asked, due = succeeded }: ExactlyOnce): Checker {
  return (history) => {
    const events = happenings(history, happened);
    for (const [id, indices] of events)
      if (indices.length > 1)
        return invalid(`${id} happened ${indices.length} times.`, indices, {
          expected: "once",
          seen: `${indices.length} times`,
        });
    const missing = performed(history).find((one) => {
      const id = one.invoke === undefined ? undefined : asked(one);
      return id !== undefined && due(one) && !events.has(id);
    });
    if (missing === undefined) return { verdict: "valid" };
    return invalid(`${asked(missing)} never happened, although ${nameOf(missing)} succeeded.`, eventsOf(missing), {
      expected: "once",
      seen: "never",
    });
  };
}

/** Exactly once, over the ledger: `effect` says what a change in an external system is the effect of. */
export function effectivelyOnce({
  effect,
  ...rest
}: Omit<ExactlyOnce, "happened"> & { effect(entry: LedgerEvent): string | undefined }): Checker {
  return exactlyOnce({ ...rest, happened: (event) => (event.type === "effect" ? effect(event) : undefined) });
}

/** Nothing happened that nobody had asked for by then. */
export function noInventedEffect({ happened, asked }: Pick<ExactlyOnce, "happened" | "asked">): Checker {
  return (history): Verdict => {
    const first = new Map<string, number>();
    for (const one of performed(history)) {
      const id = one.invoke === undefined ? undefined : asked(one);
      if (id !== undefined) first.set(id, Math.min(first.get(id) ?? Number.POSITIVE_INFINITY, one.invoke!));
    }
    for (const [id, indices] of happenings(history, happened)) {
      const early = indices.find((index) => index < (first.get(id) ?? Number.POSITIVE_INFINITY));
      if (early === undefined) continue;
      const asking = first.get(id);
      return asking === undefined
        ? invalid(`${id} happened, and nobody ever asked for it.`, [early])
        : invalid(`${id} happened before anybody asked for it.`, [early, asking]);
    }
    return { verdict: "valid" };
  };
}

function happenings({ events }: History, happened: ExactlyOnce["happened"]): Map<string, number[]> {
  const byId = new Map<string, number[]>();
  events.forEach((event, index) => {
    const id = happened(event, index);
    if (id !== undefined) byId.set(id, [...(byId.get(id) ?? []), index]);
  });
  return byId;
}

function succeeded({ completion, outcome }: Performed): boolean {
  return completion?.type === "ok" || outcome?.status === "succeeded";
}
