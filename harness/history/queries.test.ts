import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Operation } from "../plan/index.ts";
import type { History, HistoryEvent, Outcome } from "./history.ts";
import { endedBy, isCompletion, ledger, mergeDuplicates, overlap, performed, struck } from "./queries.ts";

const call = (key: string) => ({ service: "product", handler: "reserve", key });
const operation = (id: string, more: Partial<Operation> = {}): Operation => ({
  id,
  client: id,
  kind: "reserve",
  mode: "call",
  ...more,
});

/** A history told in short: "invoke o1", "ok o1 true", "fail o1", "info o1", "effect o1", "attempt o1", "fault f1". */
function history(operations: Operation[], events: string[], outcomes: Record<string, Outcome> = {}): History {
  return {
    plan: { operations, faults: [] },
    stack: "none",
    events: events.map((text, at): HistoryEvent => {
      const [type, id, value = "null"] = text.split(" ") as [string, string, string?];
      const common = { at, operation: id };
      switch (type) {
        case "invoke":
          return { type, ...common };
        case "ok":
          return { type, ...common, value: JSON.parse(value) };
        case "fail":
          return { type, ...common, status: 409, message: "no" };
        case "info":
          return { type, ...common, reason: "lost" };
        case "effect":
          return { type, ...common, system: "bank", action: "pay", key: "k" };
        case "attempt":
          return { type, ...common, invocation: "i", target: "t", attempt: 1, phase: "started" };
        default:
          return { type: "fault", at, fault: id, kind: "cut-reset", phase: "struck" };
      }
    }),
    final: { quiescent: true, unfinished: [], state: {}, outcomes },
  };
}
const told = ({ events }: History): string[] =>
  events.map((event) =>
    [event.type, "operation" in event ? event.operation : "", event.type === "ok" ? JSON.stringify(event.value) : ""]
      .join(" ")
      .trim(),
  );

test("each operation of the plan is told with what became of it, in the plan's order", () => {
  const succeeded: Outcome = { status: "succeeded", value: 7 };
  const all = performed(
    history(
      [operation("o2"), operation("o1"), operation("o3")],
      ["invoke o1", "attempt o1", "effect o1", "invoke o2", "info o2", "ok o1 7"],
      { o2: succeeded, stranger: succeeded },
    ),
  );
  expect(all.map(({ operation: { id } }) => id)).toEqual(["o2", "o1", "o3"]);
  expect(all[0]).toMatchObject({ invoke: 3, completed: 4, completion: { type: "info" }, outcome: succeeded });
  expect(all[1]).toMatchObject({ invoke: 0, completed: 5, completion: { type: "ok", value: 7 } });
  expect(all[2]).toEqual({ operation: operation("o3") });
});

test("operations overlap unless one had completed before the other was invoked", () => {
  const [a, b, c, d] = performed(
    history(
      ["a", "b", "c", "d"].map((id) => operation(id)),
      ["invoke a", "invoke b", "ok a", "invoke c", "ok c"],
    ),
  );
  expect([overlap(a!, b!), overlap(b!, a!)]).toEqual([true, true]);
  expect([overlap(a!, c!), overlap(c!, a!)]).toEqual([false, false]);
  // b never completed
  expect([overlap(b!, c!), overlap(c!, b!)]).toEqual([true, true]);
  expect([overlap(a!, d!), overlap(d!, a!)]).toEqual([false, false]);
});

test("operations are ended by whoever was invoked to end them, in the ways that are asked for", () => {
  const ending = (id: string, mode: "cancel" | "terminate" | "attach", of: string) => operation(id, { mode, of });
  const told = history(
    [
      ...["o1", "o2", "o3", "o4"].map((id) => operation(id)),
      ending("o5", "cancel", "o1"),
      ending("o6", "terminate", "o2"),
      ending("o7", "attach", "o3"),
      ending("o8", "cancel", "o4"),
    ],
    ["o1", "o2", "o3", "o4", "o5", "o6", "o7"].map((id) => `invoke ${id}`),
  );
  expect(endedBy(told, "cancel")).toEqual(new Set(["o1"]));
  expect(endedBy(told, "terminate")).toEqual(new Set(["o2"]));
  expect(endedBy(told, "cancel", "terminate")).toEqual(new Set(["o1", "o2"]));
});

test("a fault struck when the history says so, of its kind", () => {
  const told = history([operation("o1")], ["invoke o1", "fault f1"]);
  expect([struck("cut-reset")(told), struck("zombie")(told)]).toEqual([true, false]);
});

test("the ledger keeps the places of its entries", () => {
  const found = ledger(history([operation("o1")], ["invoke o1", "effect o1", "fault f1", "effect o1", "ok o1"]));
  expect(found.map(({ index, entry }) => [index, entry.type])).toEqual([
    [1, "effect"],
    [3, "effect"],
  ]);
});

describe("operations with the same target and key become one", () => {
  const same = { call: call("@p1"), idempotencyKey: "@r1" };
  const first = operation("o1", same);
  const second = operation("o2", same);

  test.each<[string, string[], string[]]>([
    [
      "from the first invoke to the first answer",
      ["invoke o1", "invoke o2", "effect o1", "ok o2 true", "ok o1 true"],
      ["invoke o1", "effect o1", "ok o1 true"],
    ],
    [
      "an answer that came before the second asked ends it",
      ["invoke o1", "ok o1 true", "invoke o2", "ok o2 false"],
      ["invoke o1", "ok o1 true"],
    ],
    [
      "a lost answer is found by the one who asked again",
      ["invoke o1", "info o1", "invoke o2", "ok o2 true"],
      ["invoke o1", "ok o1 true"],
    ],
    ["a refusal is an answer", ["invoke o1", "info o1", "invoke o2", "fail o2"], ["invoke o1", "fail o1"]],
    [
      "a success says more than a refusal",
      ["invoke o1", "invoke o2", "fail o1", "ok o2 true"],
      ["invoke o1", "ok o1 true"],
    ],
    [
      "nobody heard: it is open from the first invoke on",
      ["invoke o1", "info o1", "invoke o2", "info o2"],
      ["invoke o1", "info o1"],
    ],
    ["nobody has heard yet", ["invoke o1", "invoke o2", "fault f1"], ["invoke o1", "fault"]],
    ["the second is invoked first", ["invoke o2", "invoke o1", "ok o1 true"], ["invoke o1", "ok o1 true"]],
  ])("%s", (_, before, after) => {
    const merged = mergeDuplicates(history([first, second], before));
    expect(told(merged.history)).toEqual(after);
    expect(merged.history.plan.operations).toEqual([first]);
  });

  test("to end a duplicate is to end the invocation that all of them share", () => {
    const end = operation("o3", { mode: "terminate", of: "o2" });
    const { history: merged } = mergeDuplicates(history([first, second, end], ["invoke o1", "invoke o2", "invoke o3"]));
    expect(merged.plan.operations).toEqual([first, { ...end, of: "o1" }]);
  });

  test("indices say where an event stood", () => {
    const whole = history([first, second], ["invoke o1", "invoke o2", "effect o1", "info o1", "ok o2 true"]);
    const { history: merged, indices } = mergeDuplicates(whole);
    expect(indices).toEqual([0, 2, 4]);
    expect(merged.events.map(({ at }) => at)).toEqual(indices.map((index) => whole.events[index]!.at));
  });

  test.each<[string, Operation]>([
    ["another key", operation("o2", { ...same, idempotencyKey: "@r2" })],
    ["another object", operation("o2", { ...same, call: call("@p2") })],
    ["another handler", operation("o2", { ...same, call: { ...call("@p1"), handler: "release" } })],
    ["no key", operation("o2", { call: call("@p1") })],
    ["an attach", operation("o2", { ...same, mode: "attach", of: "o1" })],
  ])("%s is another request", (_, other) => {
    const whole = history([first, other], ["invoke o1", "invoke o2", "ok o2 1", "ok o1 2"]);
    expect(mergeDuplicates(whole).history).toEqual(whole);
  });

  test("whatever the history, a request is invoked once at most and completes once at most, in that order", () => {
    const operations = ["o1", "o2", "o3", "o4"].map((id, index) =>
      operation(id, { call: call("@p1"), idempotencyKey: index < 3 ? "@r1" : "@r2" }),
    );
    const turns = fc.shuffledSubarray(operations.flatMap(({ id }) => [id, id, id]));
    const completions = fc.array(fc.constantFrom("ok", "fail", "info"), { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(turns, completions, (ids, types) => {
        // the first turn of an operation is its invoke, the second its completion, the third an effect
        const events = ids.map((id, index) => {
          const nth = ids.slice(0, index).filter((other) => other === id).length;
          return `${["invoke", types[Number(id[1]) - 1], "effect"][nth]} ${id}`;
        });
        const whole = history(operations, events);
        const { history: merged, indices } = mergeDuplicates(whole);
        expect(indices).toEqual(indices.toSorted((a, b) => a - b));
        expect(ledger(merged)).toHaveLength(ledger(whole).length);
        const requests = merged.events.filter((event) => event.type === "invoke" || isCompletion(event));
        for (const [id, mine] of Map.groupBy(requests, (event) => event.operation)) {
          expect(["o1", "o4"]).toContain(id);
          const of = id === "o4" ? ["o4"] : ["o1", "o2", "o3"];
          const answered = events.some((text) => of.some((one) => text === `ok ${one}`));
          expect(mine.map(({ type }) => (type === "invoke" ? type : "completion"))).toEqual(
            ["invoke", "completion"].slice(0, mine.length),
          );
          expect(mine.some(({ type }) => type === "ok")).toBe(answered);
        }
      }),
      { seed: 1 },
    );
  });
});
