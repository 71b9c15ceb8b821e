import { expect, test } from "vitest";
import type { LedgerEvent } from "../history/index.ts";
import { type SagaEntry, sagaAtomicity, sagaOrder } from "./saga.ts";
import { type Random, seeded } from "./simulate.ts";
import { Script } from "./testing.ts";

const steps = ["flight", "car", "payment"];
const options = {
  steps,
  confirmed: ["flight", "car"],
  entry: ({ action, key, reference }: LedgerEvent): SagaEntry => ({
    saga: reference!,
    step: key,
    does: action as SagaEntry["does"],
  }),
};
const atomic = sagaAtomicity(options);
const ordered = sagaOrder(options);

type Entry = [SagaEntry["does"], step: string];

/** A saga that goes through, or fails at some step and undoes what it has done; what it forgets to undo lapses. */
function run(random: Random): Entry[] {
  const entries: Entry[] = [];
  const reach = random(5);
  for (const step of steps.slice(0, reach)) entries.push(["take", step]);
  if (reach > steps.length) return [...entries, ["confirm", "flight"], ["confirm", "car"]];
  for (const step of steps.slice(0, reach).reverse())
    entries.push([step !== "payment" && random(4) === 0 ? "lapse" : "undo", step]);
  return entries;
}

function write(entries: readonly Entry[]) {
  const script = new Script();
  for (const [action, key] of entries) script.effect(action, key, { reference: "trip" });
  return script.history();
}

/** The definition, step by step: what each was left as, and that nothing was done to it twice. */
function isAtomic(entries: readonly Entry[]): boolean {
  if (new Set(entries.map(String)).size < entries.length) return false;
  const happened = (does: SagaEntry["does"], step: string) =>
    entries.some((entry) => entry[0] === does && entry[1] === step);
  const left = steps.map((step) => {
    if (!happened("take", step) || happened("undo", step) || happened("lapse", step)) return "nothing";
    return step === "payment" || happened("confirm", step) ? "done" : "open";
  });
  return left.every((state) => state === "done") || left.every((state) => state === "nothing");
}

/** The definition, entry by entry: whether each may come where it comes. */
function isOrdered(entries: readonly Entry[]): boolean {
  return entries.every(([does, step], at) => {
    const before = entries.slice(0, at);
    const taken = (one: string) => before.some((entry) => entry[0] === "take" && entry[1] === one);
    const ahead = steps.slice(0, steps.indexOf(step));
    switch (does) {
      case "take":
        return before.every((entry) => entry[0] !== "take" || steps.indexOf(entry[1]) <= steps.indexOf(step));
      case "undo":
        return ahead.every(taken) && before.every((entry) => entry[0] !== "undo" || !ahead.includes(entry[1]));
      case "confirm":
        return before.every((entry) => entry[0] !== "undo");
      default:
        return true;
    }
  });
}

test("a saga's ledger is valid; changed, it is invalid exactly when the definition says so", async () => {
  const random = seeded(71);
  const counted = { atomic: 0, ordered: 0, broken: 0, mixedUp: 0 };
  for (let k = 0; k < 4_000; k++) {
    const entries = run(random);
    expect(await atomic(write(entries))).toEqual({ verdict: "valid" });
    expect(await ordered(write(entries))).toEqual({ verdict: "valid" });
    if (entries.length === 0) continue;
    const [a, b] = [random(entries.length), random(entries.length)];
    switch (random(4)) {
      case 0:
        entries.splice(a, 1);
        break;
      case 1:
        entries.splice(b, 0, entries[a]!);
        break;
      case 2:
        [entries[a], entries[b]] = [entries[b]!, entries[a]!];
        break;
      default:
        entries[a] = [(["take", "confirm", "undo", "lapse"] as const)[random(4)]!, entries[a]![1]];
    }
    expect((await atomic(write(entries))).verdict, String(entries)).toBe(isAtomic(entries) ? "valid" : "invalid");
    expect((await ordered(write(entries))).verdict, String(entries)).toBe(isOrdered(entries) ? "valid" : "invalid");
    counted[isAtomic(entries) ? "atomic" : "broken"]++;
    counted[isOrdered(entries) ? "ordered" : "mixedUp"]++;
  }
  for (const count of Object.values(counted)) expect(count).toBeGreaterThan(200);
});

test("whoever was told how it ended was told the truth, and what is exempt owes nothing", async () => {
  const told = sagaAtomicity({
    ...options,
    told: ({ completion }) => (completion ? { saga: "trip", done: completion.type === "ok" } : undefined),
  });
  expect(await told(new Script().invoke("o1").ok("o1").history())).toMatchObject({
    verdict: "invalid",
    evidence: { summary: "o1 (any) was told that trip was done, and it is undone." },
  });
  expect(await told(new Script().invoke("o1").fail("o1").history())).toEqual({ verdict: "valid" });
  const half = write([["take", "flight"]]);
  expect(await atomic(half)).toMatchObject({
    evidence: { seen: "flight: taken; car: never taken; payment: never taken", events: [0] },
  });
  expect(await sagaAtomicity({ ...options, exempt: () => true })(half)).toEqual({ verdict: "valid" });
});
