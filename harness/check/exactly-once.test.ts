import { expect, test } from "vitest";
import { effectivelyOnce, noInventedEffect } from "./exactly-once.ts";
import { seeded } from "./simulate.ts";
import { Script } from "./testing.ts";

const asked = ({ operation }: { operation: { idempotencyKey?: string } }) => operation.idempotencyKey;
const once = effectivelyOnce({ effect: ({ action, key }) => (action === "work" ? key : undefined), asked });
const uninvented = noInventedEffect({ happened: (event) => (event.type === "effect" ? event.key : undefined), asked });

type Step = ["invoke" | "ok" | "info", id: string, key: string] | ["effect", key: string];

/** Clients ask for work by few keys, again and again; whatever was asked for is done once, unless nobody heard of it. */
function worked(random: (n: number) => number): Step[] {
  const steps: Step[] = [];
  const done = new Set<string>();
  for (let k = 0; k < 5; k++) {
    const key = `k${random(3)}`;
    const lost = random(3) === 0;
    steps.push(["invoke", `o${k}`, key]);
    if (!done.has(key) && !(lost && random(2) === 0)) {
      done.add(key);
      steps.push(["effect", key]);
    }
    steps.push([lost ? "info" : "ok", `o${k}`, key]);
  }
  return steps;
}

function write(steps: readonly Step[]) {
  const script = new Script();
  for (const step of steps) {
    if (step[0] === "effect") script.effect("work", step[1]);
    else if (step[0] === "invoke") script.invoke(step[1], { idempotencyKey: step[2] });
    else script[step[0]](step[1]);
  }
  return script.history();
}

test("a correct history is valid; changed, it is invalid exactly when a count says so", async () => {
  const random = seeded(21);
  const seen = { once: 0, uninvented: 0, fine: 0 };
  for (let k = 0; k < 3_000; k++) {
    const steps = worked(random);
    expect(await once(write(steps))).toEqual({ verdict: "valid" });
    expect(await uninvented(write(steps))).toEqual({ verdict: "valid" });

    const effects = steps.flatMap((step, at) => (step[0] === "effect" ? [at] : []));
    const some = effects[random(Math.max(1, effects.length))];
    const change = random(3);
    if (some !== undefined && change === 0) steps.splice(some, 1);
    else if (some !== undefined && change === 1) steps.splice(random(steps.length), 0, steps[some]!);
    else steps.splice(random(steps.length), 0, ["effect", `k${random(4)}`]);

    const count = (key: string, until = steps.length) =>
      steps.slice(0, until).filter((step) => step[0] === "effect" && step[1] === key).length;
    const isOnce = ["k0", "k1", "k2", "k3"].every((key) => {
      const isDue = steps.some((step) => step[0] === "ok" && step[2] === key);
      return count(key) === 1 || (count(key) === 0 && !isDue);
    });
    const isAsked = steps.every(
      (step, at) =>
        step[0] !== "effect" || steps.slice(0, at).some((other) => other[0] === "invoke" && other[2] === step[1]),
    );
    expect((await once(write(steps))).verdict).toBe(isOnce ? "valid" : "invalid");
    expect((await uninvented(write(steps))).verdict).toBe(isAsked ? "valid" : "invalid");
    if (!isOnce) seen.once++;
    if (!isAsked) seen.uninvented++;
    if (isOnce && isAsked) seen.fine++;
  }
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(100);
});

test("the evidence names what is missing, doubled or invented, and where", async () => {
  const lost = new Script().invoke("o1", { kind: "submit", idempotencyKey: "a" }).ok("o1").history();
  expect(await once(lost)).toMatchObject({
    evidence: { summary: "a never happened, although o1 (submit) succeeded.", events: [0, 1] },
  });
  const doubled = new Script().invoke("o1", { idempotencyKey: "a" }).effect("work", "a").effect("work", "a").history();
  expect(await once(doubled)).toMatchObject({ evidence: { summary: "a happened 2 times.", events: [1, 2] } });
  const early = new Script().effect("work", "a").invoke("o1", { idempotencyKey: "a" }).history();
  expect(await uninvented(early)).toMatchObject({ evidence: { events: [0, 1] } });
});

test("an invocation that was seen to succeed counts, though its client never heard", async () => {
  const unheard = new Script().invoke("o1", { idempotencyKey: "a" }).info("o1");
  expect((await once(unheard.history())).verdict).toBe("valid");
  const outcomes = { o1: { status: "succeeded", value: null } } as const;
  expect((await once(unheard.history({ outcomes }))).verdict).toBe("invalid");
});
