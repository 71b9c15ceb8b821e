import { expect, test } from "vitest";
import type { HistoryEvent } from "../history/index.ts";
import { priorityOrder } from "./priority-order.ts";
import { type Random, seeded } from "./simulate.ts";
import { Script } from "./testing.ts";

const limit = 1;
const effect = (event: HistoryEvent, action: string) =>
  event.type === "effect" && event.action === action ? { queue: "q", item: event.key } : undefined;
const order = priorityOrder({
  limit,
  pushed: ({ operation }) => ({ queue: "q", item: operation.id, priority: operation.input as number }),
  granted: (event) => effect(event, "grant"),
  freed: (event) => effect(event, "free"),
});

type Step = { does: "invoke"; item: string; priority: number } | { does: "ok" | "grant" | "free"; item: string };

/** A queue with one slot: pushes take effect and grants are made when nobody looks, and are seen later. */
function played(random: Random): Step[] {
  const steps: Step[] = [];
  const arriving: { item: string; priority: number; arrived: boolean }[] = [];
  const waiting: { item: string; priority: number }[] = [];
  const decided: string[] = [];
  let pushed = 0;
  let running: string | undefined;
  let taken = 0;
  for (let k = 0; k < 60; k++) {
    const next = arriving[random(Math.max(1, arriving.length))];
    switch (random(6)) {
      case 0:
        if (pushed === 4) break;
        arriving.push({ item: `o${pushed++}`, priority: random(2), arrived: false });
        steps.push({ does: "invoke", ...arriving.at(-1)! });
        break;
      case 1:
        if (!next || next.arrived) break;
        next.arrived = true;
        waiting.splice(waiting.findLastIndex(({ priority }) => priority <= next.priority) + 1, 0, next);
        break;
      case 2:
        if (!next?.arrived) break;
        arriving.splice(arriving.indexOf(next), 1);
        steps.push({ does: "ok", item: next.item });
        break;
      case 3:
        if (taken === limit || waiting.length === 0) break;
        taken++;
        decided.push(waiting.shift()!.item);
        break;
      case 4:
        if (decided.length === 0 || running !== undefined) break;
        running = decided.shift()!;
        steps.push({ does: "grant", item: running });
        break;
      default:
        if (running === undefined) break;
        taken--;
        steps.push({ does: "free", item: running });
        running = undefined;
    }
  }
  return steps;
}

function write(steps: readonly Step[]) {
  const script = new Script();
  for (const step of steps) {
    if (step.does === "invoke") script.invoke(step.item, { input: step.priority });
    else if (step.does === "ok") script.ok(step.item);
    else script.effect(step.does, step.item);
  }
  return script.history();
}

/** Tries at every step everything that the queue may have done unseen before it. */
function isExplained(steps: readonly Step[]): boolean {
  const goesOn = (at: number, waiting: readonly string[], decided: readonly string[], taken: number): boolean => {
    const priority = (item: string) =>
      steps.find((step) => step.does === "invoke" && step.item === item) as { priority: number };
    const invoked = steps.slice(0, at).flatMap((step) => (step.does === "invoke" ? [step.item] : []));
    const isIn = (item: string) => waiting.includes(item) || decided.includes(item);
    for (const item of invoked.filter((one) => !isIn(one))) {
      const place = waiting.findLastIndex((other) => priority(other).priority <= priority(item).priority) + 1;
      if (goesOn(at, waiting.toSpliced(place, 0, item), decided, taken)) return true;
    }
    if (taken < limit && waiting.length > 0 && goesOn(at, waiting.slice(1), [...decided, waiting[0]!], taken + 1))
      return true;
    const step = steps[at];
    if (step === undefined) return true;
    if (step.does === "ok" && !isIn(step.item)) return false;
    if (step.does === "grant" && !decided.includes(step.item)) return false;
    if (step.does === "free" && taken === 0) return false;
    return goesOn(at + 1, waiting, decided, step.does === "free" ? taken - 1 : taken);
  };
  return goesOn(0, [], [], 0);
}

test("a queue's history is valid; with grants exchanged, invalid exactly when nothing unseen explains it", async () => {
  const random = seeded(121);
  const counted = { valid: 0, invalid: 0 };
  for (let k = 0; k < 600; k++) {
    const steps = played(random);
    expect((await order(write(steps))).verdict).toBe("valid");
    const grants = steps.flatMap((step, at) => (step.does === "grant" ? [at] : []));
    if (grants.length < 2) continue;
    const [a, b] = [grants[random(grants.length)]!, grants[random(grants.length)]!];
    const changed = steps.with(a, steps[b]!).with(b, steps[a]!);
    // Whose slot it is that becomes free does not matter: only that one does.
    const expected = isExplained(changed) ? "valid" : "invalid";
    expect((await order(write(changed))).verdict).toBe(expected);
    counted[expected]++;
  }
  expect(Math.min(counted.valid, counted.invalid)).toBeGreaterThan(50);
});

test("an inversion is told as one", async () => {
  const history = new Script()
    .invoke("first", { input: 1 })
    .ok("first")
    .effect("grant", "first")
    .invoke("urgent", { input: 0 })
    .ok("urgent")
    .invoke("other", { input: 1 })
    .ok("other")
    .effect("free", "first")
    .effect("grant", "other")
    .effect("free", "other")
    .effect("grant", "urgent")
    .history();
  const verdict = await order(history);
  expect(verdict).toMatchObject({ verdict: "invalid" });
  expect(verdict.verdict === "invalid" && verdict.evidence.summary).toMatch(
    /push\(urgent, priority 0\).*grant\(other\)/,
  );
});
