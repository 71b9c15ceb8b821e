import { expect, test } from "vitest";
import type { Json } from "../../plan/index.ts";
import { type Model, ModelFault, type Observed } from "../model.ts";
import { type KeyedInput, keyed, together } from "../models/keyed.ts";
import { mutex } from "../models/mutex.ts";
import { bag, type QueueInput, type QueueOutput, queue } from "../models/queue.ts";
import { type RegisterInput, register } from "../models/register.ts";
import { type TextInput, text } from "../models/text.ts";
import { type WriteOnceInput, type WriteOnceOutput, writeOnce } from "../models/write-once.ts";
import { type Random, seeded, simulate } from "../simulate.ts";
import { isLinearizable } from "../testing.ts";
import { runCooperatively, runSync } from "./drive.ts";
import { Memory } from "./memory.ts";
import { PartitionSearch } from "./partition-search.ts";
import { Search } from "./search.ts";

/** A kind of operation, with an answer that may or may not fit. */
type Draw<Input, Output> = (random: Random) => { input: Input; output: Output };

const registers: Draw<RegisterInput, Json> = (random) => {
  const [a, b] = [random(2), random(2)];
  switch (random(3)) {
    case 0:
      return { input: { f: "read" }, output: a };
    case 1:
      return { input: { f: "write", value: a }, output: null };
    default:
      return { input: { f: "cas", from: a, to: b }, output: random(2) === 0 };
  }
};
const texts: Draw<TextInput, string> = (random) => {
  const value = "ab"[random(2)]!;
  if (random(2) === 0) return { input: { f: "get" }, output: ["", value, `a${value}`, "ba"][random(4)]! };
  return { input: { f: random(4) === 0 ? "put" : "append", value }, output: "" };
};
const queues: Draw<QueueInput, QueueOutput> = (random) =>
  random(2) === 0
    ? { input: { f: "enqueue", value: random(3) }, output: null }
    : { input: { f: "dequeue" }, output: random(4) === 0 ? "empty" : { item: random(3) } };
const onces: Draw<WriteOnceInput, WriteOnceOutput> = (random) => {
  const output = ([{ value: 0 }, { value: 1 }, "none", "untold"] as const)[random(4)]!;
  return { input: random(2) === 0 ? { f: "read" } : { f: "write", value: random(2) }, output };
};
const locks: Draw<"acquire" | "release", null> = (random) => ({
  input: random(2) === 0 ? "acquire" : "release",
  output: null,
});
const byKey =
  <Input, Output>(draw: Draw<Input, Output>): Draw<KeyedInput<Input>, Output> =>
  (random) => {
    const { input, output } = draw(random);
    return { input: { key: "xy"[random(2)]!, input }, output };
  };

/** A counter that drops or doubles an increment as it likes: several next states for one step. */
const sloppyCounter: Model<number, "increment" | "read", number> = {
  name: "sloppy counter",
  init: () => 0,
  step: (state, input, output) => {
    if (input === "increment") return [state, state + 1, state + 2];
    return output === undefined || output === state ? [state] : [];
  },
};
const counts: Draw<"increment" | "read", number> = (random) =>
  random(2) === 0 ? { input: "increment", output: 0 } : { input: "read", output: random(5) };

/** Few operations that overlap much, on few moments, some without an answer, some with an answer but no end. */
function drawn<Input, Output>(draw: Draw<Input, Output>, random: Random): Observed<Input, Output>[] {
  const moments = 4 + random(10);
  return Array.from({ length: 1 + random(6) }, () => {
    const call = random(moments);
    const end = call + random(6);
    const { input, output } = draw(random);
    switch (random(10)) {
      case 0:
      case 1:
        return { input, output: undefined, call, return: undefined };
      case 2:
        return { input, output, call, return: undefined };
      case 3:
        return { input, output: undefined, call, return: end };
      default:
        return { input, output, call, return: end };
    }
  });
}

const verdictOf = <State, Input, Output>(model: Model<State, Input, Output>, operations: Observed<Input, Output>[]) =>
  runSync(new Search(model, operations)).verdict;

function agrees<State, Input, Output>(
  model: Model<State, Input, Output>,
  draw: Draw<Input, Output>,
  histories: number,
): { valid: number; invalid: number } {
  const random = seeded(histories);
  const counted = { valid: 0, invalid: 0 };
  for (let k = 0; k < histories; k++) {
    const operations = drawn(draw, random);
    const expected = isLinearizable(model, operations) ? "valid" : "invalid";
    const found = verdictOf(model, operations);
    if (found !== expected) throw new Error(`${found}, but it is ${expected}: ${JSON.stringify(operations)}`);
    counted[expected]++;
  }
  return counted;
}

test("it agrees with trying every order, in 100,000 histories of many models", () => {
  const { reads: _, ...blind } = register(0);
  const total = [
    agrees(register(0), registers, 30_000),
    agrees({ ...blind, name: "register, reads not declared" }, registers, 10_001),
    agrees(text, texts, 10_002),
    agrees(queue, queues, 10_003),
    agrees(bag, queues, 5_004),
    agrees(writeOnce, onces, 10_005),
    agrees(mutex, locks, 5_006),
    agrees(sloppyCounter, counts, 10_007),
    agrees(together(register(0)), byKey(registers), 5_008),
  ];
  const random = seeded(5);
  for (let k = 0; k < 10_000; k++) {
    const operations = drawn(byKey(registers), random);
    expect(verdictOf(keyed(register(0)), operations)).toBe(verdictOf(together(register(0)), operations));
  }
  // Neither verdict is so rare that agreeing on it would mean little.
  for (const { valid, invalid } of total) expect(Math.min(valid, invalid) / (valid + invalid)).toBeGreaterThan(0.05);
}, 60_000);

test("refining from the coarsest question comes to the same verdicts, in histories with many lost answers", () => {
  const random = seeded(1);
  const counted = { true: 0, false: 0 };
  for (let k = 0; k < 30_000; k++) {
    const operations = drawn(registers, random).map((o) =>
      random(2) === 0 ? o : { ...o, output: undefined, return: undefined },
    );
    const search = new PartitionSearch(register(0), operations, [...operations.keys()], new Memory(1e9), {
      coarseOnly: true,
    });
    const expected = isLinearizable(register(0), operations);
    expect(search.run(Number.POSITIVE_INFINITY, () => false)).toBe(expected);
    counted[`${expected}`]++;
  }
  expect(Math.min(counted.true, counted.false)).toBeGreaterThan(3_000);
}, 60_000);

const simulatedRegister = {
  init: () => 0,
  clients: 8,
  input: (random: Random): RegisterInput => {
    const [a, b] = [random(5), random(5)];
    return ([{ f: "read" }, { f: "write", value: a }, { f: "cas", from: a, to: b }] as const)[random(3)]!;
  },
  respond(state: number, input: RegisterInput): { state: number; output: Json } {
    switch (input.f) {
      case "read":
        return { state, output: state };
      case "write":
        return { state: input.value as number, output: null };
      case "cas":
        return state === input.from ? { state: input.to as number, output: true } : { state, output: false };
    }
  },
};

test("long correct histories are valid, and invalid once a read answers what was never written", () => {
  for (let seed = 0; seed < 8; seed++) {
    const operations = simulate({ ...simulatedRegister, operations: 2_000, lost: 10 }, seeded(seed));
    expect(verdictOf(register(0), operations)).toBe("valid");
    const read = operations.find((o, k) => k > 200 * seed && o.input.f === "read" && o.return !== undefined)!;
    read.output = 99;
    expect(verdictOf(register(0), operations)).toBe("invalid");
  }
}, 60_000);

test("intervals are closed: equal times overlap", () => {
  const touching: Observed<RegisterInput, Json>[] = [
    { input: { f: "read" }, output: 1, call: 0, return: 5 },
    { input: { f: "write", value: 1 }, output: null, call: 5, return: 9 },
  ];
  expect(verdictOf(register(0), touching)).toBe("valid");
  touching[1]!.call = 6;
  expect(verdictOf(register(0), touching)).toBe("invalid");
});

test("an operation without an end takes effect late or never, one whose effect is known does take effect", () => {
  const write: Observed<RegisterInput, Json> = {
    input: { f: "write", value: 1 },
    output: undefined,
    call: 0,
    return: undefined,
  };
  const cas: Observed<RegisterInput, Json> = {
    input: { f: "cas", from: 1, to: 2 },
    output: true,
    call: 10,
    return: undefined,
  };
  const reads = (...values: number[]): Observed<RegisterInput, Json>[] =>
    values.map((output, k) => ({ input: { f: "read" }, output, call: 20 + 2 * k, return: 21 + 2 * k }));
  expect(verdictOf(register(0), [write, ...reads(0, 0, 1)])).toBe("valid");
  expect(verdictOf(register(0), [write, ...reads(0, 1, 0)])).toBe("invalid");
  expect(verdictOf(register(0), [write, cas])).toBe("valid");
  expect(verdictOf(register(0), [cas])).toBe("invalid");
});

/** Appends of many clients at once that only a read at the end would sort out: hopeless. */
const hopeless = (): Observed<TextInput, string>[] => {
  const operations: Observed<TextInput, string>[] = Array.from({ length: 24 }, (_, k) => ({
    input: { f: "append", value: `${k};` },
    output: "",
    call: k,
    return: 100 + k,
  }));
  operations.push({ input: { f: "get" }, output: "nothing of the kind", call: 200, return: 201 });
  return operations;
};

test("an operation that ends before it begins is refused", () => {
  const backwards: Observed<RegisterInput, Json> = { input: { f: "read" }, output: 0, call: 5, return: 4 };
  expect(() => runSync(new Search(register(0), [backwards]))).toThrow(RangeError);
});

test("a budget of time is kept to within 10%, and its end is unknown", () => {
  // The machine may be busy with others: one undisturbed run in five shows that the search looks at the clock.
  const took = Array.from({ length: 5 }, () => {
    const start = performance.now();
    const finding = runSync(new Search(text, hopeless(), { milliseconds: 100 }));
    expect(finding).toEqual({ verdict: "unknown", reason: "no answer within 100 ms" });
    return performance.now() - start;
  });
  expect(Math.min(...took)).toBeGreaterThanOrEqual(100);
  expect(Math.min(...took)).toBeLessThan(110);
});

test("a budget of memory is kept", () => {
  const finding = runSync(new Search(text, hopeless(), { milliseconds: 60_000, bytes: 3_000_000 }));
  expect(finding).toEqual({ verdict: "unknown", reason: "no answer within 3000000 bytes of memory" });
});

test("a hard key does not hide a violation on another", () => {
  const hard = hopeless().map(
    (o): Observed<KeyedInput<TextInput>, string> => ({ ...o, input: { key: "hard", input: o.input } }),
  );
  const easy: Observed<KeyedInput<TextInput>, string>[] = [
    { input: { key: "easy", input: { f: "get" } }, output: "made up", call: 0, return: 1 },
  ];
  const finding = runSync(new Search(keyed(text), [...hard, ...easy], { milliseconds: 2_000 }));
  expect(finding).toMatchObject({ verdict: "invalid", operations: [hard.length] });
});

test("slices leave the event loop to others", async () => {
  let turns = 0;
  const count = setInterval(() => turns++, 1);
  const finding = await runCooperatively(new Search(text, hopeless(), { milliseconds: 300 }));
  clearInterval(count);
  expect(finding.verdict).toBe("unknown");
  // a search that held on to the loop would leave it none
  expect(turns).toBeGreaterThan(1);
});

test("the dead ends of a violation are orders that the model allows, and the answer they cannot pass", () => {
  const operations: Observed<RegisterInput, Json>[] = [
    { input: { f: "write", value: 1 }, output: null, call: 0, return: 1 },
    { input: { f: "write", value: 2 }, output: null, call: 2, return: 3 },
    { input: { f: "read" }, output: 2, call: 4, return: 5 },
    { input: { f: "read" }, output: 1, call: 6, return: 7 },
  ];
  const finding = runSync(new Search(register(0), operations));
  expect(finding).toMatchObject({
    verdict: "invalid",
    blocked: 3,
    deadEnds: [{ order: [0, 1, 2], blocked: 3, state: "the register holds 2" }, { order: [0] }, { order: [] }],
  });
});

const asked: Observed<string, string>[] = [{ input: "go", output: "gone", call: 0, return: 1 }];
const model: Model<number, string, string> = { name: "broken", init: () => 0, step: (state) => [state] };

test.each([
  ["throws", { ...model, step: () => [].map.call(null, () => 0) }, /broken.*"go".*threw TypeError/],
  [
    "throws at the very beginning",
    {
      ...model,
      init: (): number => [].at(0)! as number,
      key: () => {
        throw new Error("no key");
      },
    },
    /no key/,
  ],
  ["answers no list", { ...model, step: () => 7 as unknown as number[] }, /answered 7 instead of a list/],
  [
    "reads and writes",
    { ...model, reads: () => true, step: (state: number) => [state + 1] },
    /only reads, and changes/,
  ],
] as [string, Model<number, string, string>, RegExp][])("a model that %s is at fault", (_, broken, message) => {
  expect(() => runSync(new Search(broken, asked))).toThrow(ModelFault);
  expect(() => runSync(new Search(broken, asked))).toThrow(message);
});

test("a model that changes its state in place is at fault, with the operation", () => {
  const careless: Model<number[], string, string> = {
    name: "careless",
    init: () => [],
    step(state) {
      state.push(1);
      return [state];
    },
  };
  try {
    runSync(new Search(careless, asked));
    expect.unreachable();
  } catch (error) {
    expect(error).toBeInstanceOf(ModelFault);
    expect((error as ModelFault).operation).toBe(0);
  }
});
