import { expect, test } from "vitest";
import { monotonicReads } from "./monotonic-reads.ts";
import { seeded, simulate } from "./simulate.ts";
import { permutations, Script } from "./testing.ts";

const forward = monotonicReads({
  read: ({ operation, completion }) =>
    completion?.type === "ok" ? { object: operation.kind, value: completion.value } : undefined,
});

interface Read {
  value: number;
  call: number;
  end: number;
}

function write(reads: readonly Read[]) {
  const moments = reads.flatMap(({ value, call, end }, k) => [
    { at: call, add: (script: Script) => script.invoke(`o${k}`) },
    { at: end, add: (script: Script) => script.ok(`o${k}`, value) },
  ]);
  const script = new Script();
  for (const { add } of moments.sort((a, b) => a.at - b.at)) add(script);
  return script.history();
}

test("reads of what only grows are valid; changed, invalid exactly when no order of them grows", async () => {
  const random = seeded(101);
  const counted = { valid: 0, invalid: 0 };
  for (let k = 0; k < 2_000; k++) {
    const operations = simulate(
      {
        init: () => 0,
        input: () => random(3),
        respond: (state, grows: number) => ({ state: state + grows, output: state }),
        clients: 3,
        operations: 5,
      },
      random,
    );
    const reads = operations.map(({ output, call, return: end }) => ({ value: output!, call, end: end! }));
    expect(await forward(write(reads))).toEqual({ verdict: "valid" });
    reads[random(reads.length)]!.value += random(5) - 2;
    const grows = permutations(reads).some(
      (order) =>
        order.every((later, at) => at === 0 || order[at - 1]!.value <= later.value) &&
        order.every((later, at) => order.slice(0, at).every((earlier) => later.end > earlier.call)),
    );
    expect((await forward(write(reads))).verdict).toBe(grows ? "valid" : "invalid");
    counted[grows ? "valid" : "invalid"]++;
  }
  expect(Math.min(counted.valid, counted.invalid)).toBeGreaterThan(100);
});

test("a list may only be added to", async () => {
  const lists = (...values: string[][]) => {
    const script = new Script();
    values.forEach((value, k) => {
      script.invoke(`o${k}`, { kind: "list" }).ok(`o${k}`, value);
    });
    return script.history();
  };
  expect(await forward(lists([], ["a"], ["a", "b"], ["a", "b"]))).toEqual({ verdict: "valid" });
  expect(await forward(lists(["a", "b"], ["b", "a", "c"]))).toMatchObject({ evidence: { events: [0, 1, 2, 3] } });
});
