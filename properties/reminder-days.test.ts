import { beforeAll, expect, test } from "vitest";
import { SystemUnderTest } from "../harness/session/index.ts";
import { makeBundle } from "../harness/stack/index.ts";
import { SimulatedStack } from "../harness/stack/simulated/index.ts";
import { World } from "../harness/world/index.ts";

const MINUTE = 60 * 1000;
const DAY = 24 * 60 * MINUTE;
let stack: SimulatedStack;
const world = new World();
/** What was sent and raised, with the days from the beginning of the test. */
let steps: [what: string, days: number][];
let began: number;
/** What every answer of an external system waits for. */
let answering: Promise<void>;

beforeAll(async () => {
  stack = await SimulatedStack.start({ seed: 1 });
  const subject = await SystemUnderTest.load();
  const { module, patterns } = subject;
  const external = subject.external("scheduled-tasks");
  // the interval is not set: it is a day
  await stack.load(
    await makeBundle({ module, patterns }, { patterns: ["scheduled-tasks"], environment: {}, external }),
  );
  stack.guard({
    opened: () => {},
    before: () => undefined,
    after: () => undefined,
    closed: () => {},
    async external(request) {
      const { answer, entries } = world.handle(request, stack.clock.now());
      for (const { type, system } of entries)
        if (type === "effect") steps.push([system, (stack.clock.now() - began) / DAY]);
      await answering;
      return answer;
    },
  });
});

const run = (test: () => Promise<void>) =>
  stack.run(() => {
    steps = [];
    began = stack.clock.now();
    answering = Promise.resolve();
    return test();
  });

async function deliver(invoice: string, handler: string, event: string): Promise<number> {
  const headers = { "content-type": "application/json" };
  const body = JSON.stringify({ id: event, data: { object: { id: invoice, customer_email: "ann@one.example" } } });
  const { status } = await stack.fetch("ingress", {
    method: "POST",
    path: `/paymentTracker/${invoice}/${handler}`,
    headers,
    body,
  });
  return status;
}
/** To the minute. */
const days = () => steps.map(([what, after]) => [what, Math.round((after * DAY) / MINUTE) / (DAY / MINUTE)]);

test("the first reminder comes at once, and each step a day after the one before it; a year later nothing does", () =>
  run(async () => {
    await deliver("i1", "onPaymentFailure", "e1");
    await stack.clock.sleep(5 * DAY);
    const all = [
      ["mail", 0],
      ["mail", 1],
      ["mail", 2],
      ["alerts", 3],
    ];
    expect(days()).toEqual(all);
    await stack.clock.sleep(365 * DAY);
    for (const event of ["e1", "e2"]) expect(await deliver("i1", "onPaymentFailure", event)).toBe(200);
    await stack.clock.sleep(5 * DAY);
    expect(days()).toEqual(all);
  }));

test("a payment ends it for good, and other failures in between change nothing", () =>
  run(async () => {
    await deliver("i2", "onPaymentFailure", "e1");
    await stack.clock.sleep(0.5 * DAY);
    await deliver("i2", "onPaymentFailure", "e2");
    await stack.clock.sleep(1.25 * DAY);
    await deliver("i2", "onPaymentSuccess", "e3");
    await stack.clock.sleep(30 * DAY);
    await deliver("i2", "onPaymentFailure", "e4");
    await stack.clock.sleep(5 * DAY);
    expect(days()).toEqual([
      ["mail", 0],
      ["mail", 1],
    ]);
  }));

test("a reminder that is cancelled while it is being sent is sent, and a day after that comes the next", () =>
  run(async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    answering = promise;
    await deliver("i3", "onPaymentFailure", "e1");
    await stack.clock.sleep(MINUTE);
    const [reminding, ...others] = await stack.probe.unfinished();
    expect([reminding?.handler, others]).toEqual(["remind", []]);
    for (const _ of ["once", "twice"])
      await stack.fetch("admin", { method: "PATCH", path: `/invocations/${reminding?.id}/cancel`, headers: {} });
    await stack.clock.sleep(MINUTE);
    resolve();
    await stack.clock.sleep(5 * DAY);
    expect(steps.map(([what]) => what)).toEqual(["mail", "mail", "mail", "alerts"]);
    expect(steps[1]?.[1]).toBeGreaterThan(1 + MINUTE / DAY);
  }));
