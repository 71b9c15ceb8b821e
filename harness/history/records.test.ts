import fc from "fast-check";
import { expect, test } from "vitest";
import type { Fault, Operation } from "../plan/index.ts";
import type { History, HistoryEvent } from "./history.ts";
import { mergeDuplicates, type OperationRecord, viewOf } from "./records.ts";

type Untimed = HistoryEvent extends infer Event ? (Event extends HistoryEvent ? Omit<Event, "at"> : never) : never;
const NEVER = Number.POSITIVE_INFINITY;

const operation = (id: string, more: Partial<Operation> = {}): Operation => ({
  id,
  client: id,
  kind: "any",
  args: null,
  ...more,
});
function historyOf(operations: Operation[], events: Untimed[], faults: Fault[] = []): History {
  const timed = events.map((event, at) => ({ at, ...event }) as HistoryEvent);
  const final = { quiescent: true, unfinished: [], state: {} };
  return { plan: { operations, faults }, operations, stack: "none", events: timed, final };
}
const invoke = (of: string, identity?: string): Untimed => ({
  type: "invoke",
  operation: of,
  ...(identity !== undefined && { identity }),
});
const ok = (of: string, value: string): Untimed => ({ type: "ok", operation: of, value, invocation: `inv-${of}` });
const fail = (of: string, code = 500): Untimed => ({ type: "fail", operation: of, code, message: "no" });
const info = (of: string, code?: number): Untimed => ({
  type: "info",
  operation: of,
  reason: "no answer",
  ...(code !== undefined && { error: { code, message: "ended" } }),
});

/** Of one operation: its record after these events. */
function recordAfter(...events: Untimed[]): OperationRecord {
  const record = viewOf(historyOf([operation("o1")], [invoke("o1"), ...events])).operation("o1");
  if (!record) throw new Error("it has no record");
  return record;
}

test("an answer and a refusal are definite, at their places", () => {
  expect(recordAfter(ok("o1", "yes"))).toMatchObject({
    invoked: 0,
    completed: 1,
    left: 1,
    outcome: "ok",
    result: "yes",
    error: undefined,
    invocation: "inv-o1",
  });
  const refused = { completed: 1, left: 1, outcome: "fail", result: undefined, error: { code: 422, message: "no" } };
  expect(recordAfter(fail("o1", 422))).toMatchObject(refused);
});

test("what is unknown completes nowhere; its client left, or never did", () => {
  const unknown = { completed: NEVER, outcome: "info", result: undefined };
  expect(recordAfter(info("o1"))).toMatchObject({ ...unknown, left: 1, error: undefined });
  expect(recordAfter(info("o1", 409))).toMatchObject({ ...unknown, left: 1, error: { code: 409, message: "ended" } });
  expect(recordAfter()).toMatchObject({ ...unknown, left: NEVER });
  expect(recordAfter().places).toEqual([0]);
  expect(recordAfter(info("o1")).places).toEqual([0, 1]);
});

test("what was learned after the fact is a result or a failure, and completes it nowhere", () => {
  const learned = (outcome: { value: string } | { code: number; message: string }): Untimed => ({
    type: "learned",
    operation: "o1",
    outcome,
  });
  expect(recordAfter(info("o1"), learned({ value: "yes" }))).toMatchObject({
    outcome: "info",
    completed: NEVER,
    left: 1,
    result: "yes",
    error: undefined,
  });
  const failure = { code: 404, message: "gone" };
  expect(recordAfter(info("o1"), learned(failure))).toMatchObject({ outcome: "info", error: failure });
  // that it did happen says more than what its client was told then; another failure does not
  expect(recordAfter(info("o1", 409), learned({ value: "yes" }))).toMatchObject({ result: "yes", error: undefined });
  expect(recordAfter(info("o1", 409), learned(failure))).toMatchObject({ error: { code: 409, message: "ended" } });
});

test("operations that were never invoked have no record; of what is not known, events are left out", () => {
  const view = viewOf(historyOf([operation("o1"), operation("o2")], [invoke("o2"), ok("o9", "?"), invoke("o9")]));
  expect(view.operations.map(({ id }) => id)).toEqual(["o2"]);
  expect([view.operation("o1"), view.operation("o9")]).toEqual([undefined, undefined]);
});

test("attempts are counted for the invocation and for each child in the order of the calls", () => {
  const started = (child?: number): Untimed => ({
    type: "attempt",
    operation: "o1",
    invocation: "i",
    target: "t",
    attempt: 1,
    phase: "started",
    ...(child !== undefined && { child }),
  });
  const lost: Untimed = { ...started(), type: "attempt", phase: "lost" } as Untimed;
  const record = recordAfter(started(), lost, started(), started(3), started(1), started(3));
  expect([record.attempts, record.childAttempts]).toEqual([2, [1, 0, 2]]);
  expect([recordAfter().attempts, recordAfter().childAttempts]).toEqual([0, []]);
});

test("whoever asks to end one of several with the same identity asks it for all; attaching ends nothing", () => {
  const about = (id: string, kind: string, of: string) => operation(id, { kind, of });
  const operations = [
    ...["o1", "o2", "o3"].map((id) => operation(id)),
    about("o4", "cancel", "o2"),
    about("o5", "terminate", "o1"),
    about("o6", "attach", "o3"),
    about("o7", "terminate", "o3"),
  ];
  const events = [invoke("o1", "k"), invoke("o2", "k"), invoke("o3"), ...["o4", "o5", "o6"].map((id) => invoke(id))];
  const { operation: of } = viewOf(historyOf(operations, events));
  expect(of("o1")?.interruptedBy).toBe(of("o2")?.interruptedBy);
  expect([...(of("o1")?.interruptedBy ?? [])].sort()).toEqual(["cancel", "terminate"]);
  expect([of("o1")?.isInterrupted, of("o2")?.isTerminated]).toEqual([true, true]);
  // o7 was never invoked
  expect([of("o3")?.isInterrupted, of("o3")?.isTerminated]).toEqual([false, false]);
});

test("the ledger, the faults that were injected in their order, and the place where recovery began", () => {
  const at = { at: "effect", operation: "o1", call: 1, when: "before" } as const;
  const faults = ["f1", "f2", "f3"].map((id): Fault => ({ id, kind: "stall", at }));
  const phase = (fault: string, what: "injected" | "healed" | "missed"): Untimed => ({
    type: "fault",
    fault,
    kind: "stall",
    phase: what,
  });
  const effect: Untimed = { type: "effect", system: "s", action: "a", key: "k" };
  const events = [
    phase("f2", "injected"),
    phase("f1", "injected"),
    effect,
    phase("f2", "healed"),
    phase("f3", "missed"),
  ];
  const view = viewOf(historyOf([], [...events, { type: "recovery" }], faults));
  expect(view.faults.map(({ id, injected, healed }) => [id, injected, healed])).toEqual([
    ["f2", 0, 3],
    ["f1", 1, NEVER],
  ]);
  expect(view.ledger).toEqual([{ at: 2, ...effect, index: 2 }]);
  expect(view.recovery).toBe(5);
  expect(viewOf(historyOf([], [])).recovery).toBe(NEVER);
});

test("a view is made once for a history, and its requests once for a view", () => {
  const history = historyOf([operation("o1")], [invoke("o1")]);
  expect(viewOf(history)).toBe(viewOf(history));
  expect(viewOf(history).requests).toBe(viewOf(history).requests);
});

// --- duplicates

/** The one request that duplicates are, invoked one after the other, after these events. */
function mergedAfter(...events: Untimed[]): OperationRecord {
  const ids = ["o1", "o2", "o3"];
  const all = [...ids.map((id) => invoke(id, "k")), ...events];
  const [merged, ...others] = viewOf(
    historyOf(
      ids.map((id) => operation(id)),
      all,
    ),
  ).requests;
  if (!merged || others.length > 0) throw new Error("they are not one request");
  return merged;
}
const learned = (of: string, value: string): Untimed => ({ type: "learned", operation: of, outcome: { value } });

test.each<[string, Untimed[], Partial<OperationRecord>]>([
  ["the first answer", [ok("o2", "b"), ok("o1", "a")], { completed: 3, outcome: "ok", result: "b" }],
  ["an answer rather than an earlier refusal", [fail("o1"), ok("o3", "c")], { completed: 4, result: "c" }],
  ["an answer rather than silence", [info("o1"), ok("o2", "b"), info("o3")], { completed: 4, result: "b" }],
  [
    "what was learned, which is no answer",
    [info("o1"), info("o2"), learned("o2", "b")],
    { completed: NEVER, left: 4, outcome: "info", result: "b" },
  ],
  ["what was learned rather than a refusal", [fail("o1"), info("o2"), learned("o2", "b")], { result: "b" }],
  ["the first refusal where nothing else is known", [fail("o3", 409), fail("o1", 422)], { completed: 3, left: 3 }],
  ["a refusal rather than silence", [info("o1"), fail("o2", 422)], { completed: 4, outcome: "fail" }],
  ["what its client heard rather than nothing", [info("o2", 409)], { outcome: "info", left: 3, completed: NEVER }],
  ["nothing", [], { outcome: "info", left: NEVER, completed: NEVER, result: undefined }],
])("of duplicates one is believed: %s", (_, events, expected) => {
  expect(mergedAfter(...events)).toMatchObject({ id: "o1", invoked: 0, ...expected });
});

/** Histories of up to eight operations, some of which are duplicates, in any order. */
const histories: fc.Arbitrary<History> = fc
  .array(
    fc.record({
      identity: fc.constantFrom("k1", "k2", undefined),
      end: fc.constantFrom("ok", "fail", "info", undefined),
      interrupts: fc.option(fc.nat({ max: 7 })),
      invoked: fc.double({ min: 0, max: 1, noNaN: true }),
      lasts: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
    { maxLength: 8 },
  )
  .map((drawn) => {
    const placed = drawn.flatMap(({ identity, end, invoked, lasts }, index): { time: number; event: Untimed }[] => {
      const id = `o${index}`;
      const ends = { ok: ok(id, identity ?? id), fail: fail(id), info: info(id) };
      return [
        { time: invoked, event: invoke(id, identity) },
        ...(end ? [{ time: invoked + lasts, event: ends[end] }] : []),
      ];
    });
    // stable: an operation is invoked before it ends
    const events = placed.toSorted((a, b) => a.time - b.time).map(({ event }) => event);
    const operations = drawn.map(({ interrupts }, index) =>
      operation(`o${index}`, interrupts === null ? {} : { kind: "cancel", of: `o${interrupts}` }),
    );
    return historyOf(operations, events);
  });

test("places are total and tell of the events that stand there", () => {
  fc.assert(
    fc.property(histories, (history) => {
      const { operations, events } = viewOf(history);
      const places = operations.map(({ invoked }) => invoked);
      expect(places).toEqual(places.toSorted((a, b) => a - b));
      for (const one of operations) {
        expect(events[one.invoked]).toMatchObject({ type: "invoke", operation: one.id });
        expect(Number.isFinite(one.completed)).toBe(one.outcome !== "info");
        expect(one.completed === one.left || one.outcome === "info").toBe(true);
        if (Number.isFinite(one.left)) expect(events[one.left]).toMatchObject({ type: one.outcome, operation: one.id });
        expect(one.invoked).toBeLessThan(one.left);
      }
    }),
  );
});

test("of two operations either one precedes the other or they overlap", () => {
  fc.assert(
    fc.property(histories, (history) => {
      const { operations } = viewOf(history);
      for (const a of operations)
        for (const b of operations) {
          if (a === b) continue;
          expect([a.precedes(b), b.precedes(a), a.overlaps(b)].filter(Boolean)).toHaveLength(1);
          expect(a.overlaps(b)).toBe(b.overlaps(a));
        }
    }),
  );
});

test("duplicates become one, in the place of the first, with the best that is known of any; others stay as they are", () => {
  fc.assert(
    fc.property(histories, (history) => {
      const { operations } = viewOf(history);
      const requests = mergeDuplicates(operations);
      const firsts = operations.filter(
        (one) => one.identity === undefined || operations.find(({ identity }) => identity === one.identity) === one,
      );
      expect(requests.map(({ id }) => id)).toEqual(firsts.map(({ id }) => id));
      for (const request of requests) {
        const group = operations.filter((one) => one.identity !== undefined && one.identity === request.identity);
        if (group.length < 2) expect(operations).toContain(request);
        const best = (["ok", "fail", "info"] as const).find((outcome) => group.some((one) => one.outcome === outcome));
        if (best) expect(request.outcome).toBe(best);
        const answers = group.filter(({ outcome }) => outcome === "ok").map(({ completed }) => completed);
        if (answers.length > 0) expect(request.completed).toBe(Math.min(...answers));
        for (const one of group) expect(one.interruptedBy).toBe(request.interruptedBy);
      }
      // merging again changes nothing
      expect(mergeDuplicates(requests)).toEqual(requests);
    }),
  );
});
