import { expect, test } from "vitest";
import { type Moment, momentName } from "../plan/index.ts";
import { type Happening, type LedgerEntry, type Reaction, type Webhook, World } from "../world/index.ts";
import { ExternalTraffic } from "./external-traffic.ts";
import type { Decided } from "./nemesis.ts";

const told = (id: string, about: string): Webhook => ({ system: "bank", id, type: "paid", about, content: null });
const paid = (key: string): LedgerEntry => ({ type: "effect", system: "bank", action: "pay", key });

/** A bank that pays at once, or after 30 ms when the path says so, and tells of it. */
function bank() {
  let due: { at: number; key: string } | undefined;
  const pays = (key: string): Happening => ({ entries: [paid(key)], webhooks: [told(`evt-${key}`, key)] });
  return new World([
    {
      name: "bank",
      start: () => ({
        handle({ path }, now): Reaction {
          const answer = { status: 200, body: "{}" };
          const [, when, key = ""] = path.split("/");
          if (when !== "later") return { answer, ...pays(key) };
          due = { at: now + 30, key };
          return { answer, entries: [{ type: "effect", system: "bank", action: "order", key }] };
        },
        lapse: () => [],
        advance(now) {
          const ready = due && due.at <= now ? due : undefined;
          if (ready) due = undefined;
          return ready ? pays(ready.key) : { entries: [] };
        },
        dueAt: () => due?.at,
      }),
    },
  ]);
}

/** @param decide what becomes of a moment @param answers how deliveries end, one after the other; then "ok" */
function traffic(
  decide: (moment: string) => Decided | Promise<Decided> = () => ({}),
  answers: ("fail" | "info")[] = [],
) {
  const log: string[] = [];
  const sleeps: (() => void)[] = [];
  let now = 0;
  const external = new ExternalTraffic({
    world: bank(),
    clock: {
      now: () => now,
      sleep: (milliseconds) =>
        new Promise((resolve) => {
          sleeps.push(() => {
            now += milliseconds;
            resolve();
          });
        }),
    },
    moment: (moment: Moment) => {
      log.push(momentName(moment));
      return decide(momentName(moment));
    },
    record: ({ action, key }, { operation }) => void log.push(`${action} ${key} for ${operation}`),
    deliver: async ({ id }, operation) => {
      log.push(`${id} as ${operation}`);
      return answers.shift() ?? "ok";
    },
  });
  const ask = (path: string, operation?: string) =>
    external.handle({ method: "POST", path, headers: {}, body: "" }, operation === undefined ? {} : { operation });
  return { external, log, sleeps, ask };
}
const turn = () => new Promise((resolve) => setImmediate(resolve));

test("what a call brings about is told by itself, once it was accepted never again", async () => {
  const { external, log, ask } = traffic();
  expect(await ask("/bank/now/k1", "o1")).toEqual({ status: 200, body: "{}" });
  await turn();
  expect(log.filter((line) => !line.includes("effect"))).toEqual([
    "pay k1 for o1",
    "before o1 webhook 1",
    "evt-k1 as o1.w1",
    "after o1 webhook 1",
  ]);
  expect(external.underWay).toEqual([]);
});

test("it is told again until it is accepted; whoever refuses it five times is left alone", async () => {
  const { external, log, sleeps, ask } = traffic(undefined, ["info", "fail", "fail", "fail", "fail", "fail"]);
  await ask("/bank/now/k1", "o1");
  for (let again = 0; again < 10; again++) {
    await turn();
    sleeps.shift()?.();
  }
  expect(log.filter((line) => line.startsWith("evt"))).toHaveLength(6);
  expect(log.at(-1)).toBe("after o1 webhook 1");
  expect(log).toContain("evt-k1 as o1.w1.2");
  expect(external.underWay).toEqual([]);
});

test("what time does is on behalf of whoever made the thing, and not at rest until it is done", async () => {
  const { external, log, sleeps, ask } = traffic();
  await ask("/bank/later/k1", "o1");
  expect(external.underWay).toEqual(["an external system has not finished"]);
  sleeps.shift()?.();
  await turn();
  expect(log).toContain("pay k1 for o1");
  expect(log).toContain("evt-k1 as o1.w1");
  expect(external.underWay).toEqual([]);
});

test("a webhook that is withheld is not at rest; one that is repeated is delivered once more", async () => {
  const { promise, resolve } = Promise.withResolvers<Decided>();
  const { external, log, ask } = traffic((moment) =>
    moment === "before o1 webhook 1" ? promise : moment === "after o1 webhook 1" ? { webhook: "repeat" } : {},
  );
  await ask("/bank/now/k1", "o1");
  await turn();
  expect(external.underWay).toEqual(["1 webhooks have not been accepted"]);
  expect(external.told).toEqual([told("evt-k1", "k1")]);
  expect(log).not.toContain("evt-k1 as o1.w1");
  resolve({});
  await turn();
  expect(log.filter((line) => line.startsWith("evt"))).toEqual(["evt-k1 as o1.w1", "evt-k1 as o1.w1.2"]);
  expect(external.underWay).toEqual([]);
});

test("once the case is over nothing is told any more", async () => {
  const { external, log, sleeps, ask } = traffic(undefined, ["info", "info", "info"]);
  await ask("/bank/now/k1", "o1");
  await turn();
  external.end();
  sleeps.shift()?.();
  await turn();
  expect(log.filter((line) => line.startsWith("evt"))).toEqual(["evt-k1 as o1.w1"]);
});
