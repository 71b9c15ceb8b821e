import { expect, test } from "vitest";
import { distinctQueue, type QueueOperation } from "./distinct-queue.ts";
import type { Observed } from "./model.ts";
import { bag, type QueueInput, type QueueOutput, queue } from "./models/queue.ts";
import { type Random, seeded, simulate } from "./simulate.ts";
import { isLinearizable } from "./testing.ts";

type Operation = Observed<QueueInput, QueueOutput>;

/** A correct history of a queue, or of a bag. */
function used(random: Random, ordered: boolean, operations: number, lost: number): Operation[] {
  let next = 0;
  return simulate<readonly number[], QueueInput, QueueOutput>(
    {
      init: () => [],
      clients: 3,
      operations,
      lost,
      input: (draw) => (draw(2) === 0 ? { f: "enqueue", value: next++ } : { f: "dequeue" }),
      respond(items, input) {
        if (input.f === "enqueue") return { state: [...items, input.value as number], output: "empty" };
        if (items.length === 0) return { state: items, output: "empty" };
        const at = ordered ? 0 : items.length - 1;
        return { state: items.toSpliced(at, 1), output: { item: items[at]! } };
      },
    },
    random,
  );
}

function asQueue(operations: readonly Operation[]): QueueOperation[] {
  return operations.map(({ input, output, call, return: completion }, k) => {
    const base = { name: `o${k}`, invoke: call, completion };
    if (input.f === "enqueue") return { ...base, enqueue: input.value };
    return {
      ...base,
      dequeue: typeof output === "object" && output !== null ? output : output === "empty" ? output : undefined,
    };
  });
}

test.each([true, false])(
  "it agrees with trying every order, on correct histories and changed ones (ordered: %j)",
  (ordered) => {
    const random = seeded(131);
    const counted = { valid: 0, invalid: 0, undecided: 0 };
    const model = ordered ? queue : bag;
    for (let k = 0; k < 6_000; k++) {
      const operations = used(random, ordered, 7, 60);
      expect(distinctQueue(asQueue(operations), ordered)?.verdict ?? "valid").toBe("valid");
      const taken = operations.filter((one) => one.input.f === "dequeue" && one.return !== undefined);
      if (taken.length === 0) continue;
      const [a, b] = [taken[random(taken.length)]!, taken[random(taken.length)]!];
      if (random(2) === 0) [a.output, b.output] = [b.output, a.output];
      else a.output = random(3) === 0 ? "empty" : { item: random(5) };
      const expected = isLinearizable(model, operations) ? "valid" : "invalid";
      const found = distinctQueue(asQueue(operations), ordered);
      counted[found === undefined ? "undecided" : expected]++;
      if (found === undefined)
        expect(operations.some((one) => one.input.f === "dequeue" && one.return === undefined)).toBe(true);
      else expect(found.verdict, JSON.stringify(operations)).toBe(expected);
    }
    expect(Math.min(counted.valid, counted.invalid)).toBeGreaterThan(500);
    expect(counted.undecided).toBeLessThan(counted.invalid);
  },
);

test("a long history takes no search", () => {
  const operations = used(seeded(1), true, 20_000, 0);
  expect(distinctQueue(asQueue(operations), true)).toEqual({ verdict: "valid" });
});

test("an overtaking is told by the four operations that show it", () => {
  const put = (item: number, invoke: number): QueueOperation => ({
    name: `p${item}`,
    enqueue: item,
    invoke,
    completion: invoke + 1,
  });
  const take = (item: number, invoke: number): QueueOperation => ({
    name: `t${item}`,
    dequeue: { item },
    invoke,
    completion: invoke + 1,
  });
  expect(distinctQueue([put(1, 0), put(2, 2), put(3, 4), take(2, 6), take(1, 8), take(3, 10)], true)).toMatchObject({
    evidence: {
      summary: "enqueue(1) (p1), then enqueue(2) (p2); but dequeue() -> 2 (t2), then dequeue() -> 1 (t1).",
      events: [0, 1, 2, 3, 6, 7, 8, 9],
    },
  });
});
