import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { faults } from "../index.ts";
import type { Plan } from "../plan/index.ts";
import {
  answered,
  externalCall,
  invoked,
  message,
  type OperationDraft,
  operation,
  scenario,
} from "../property/index.ts";
import { propertyOf } from "../property/testing.ts";
import { startStack } from "../session/index.ts";
import { SystemUnderTest } from "../session/system-under-test.ts";
import { CaseRunner } from "./case-runner.ts";

let runner: CaseRunner;
beforeAll(async () => {
  runner = new CaseRunner(await startStack("native"), await SystemUnderTest.load());
});
afterAll(() => runner?.close());

const book = operation({
  args: fc.constant("@t1"),
  request: (trip: string) => ({
    call: "BookingWorkflow/run",
    key: trip,
    input: {
      flights: { flightId: "LH123", passengerName: trip },
      car: { pickupLocation: "LAX", rentalDate: "2030-01-31" },
      paymentInfo: { cardNumber: "4242424242424242", amount: 1 },
    },
  }),
});
const awaits = operation({
  args: fc.constant(null),
  request: () => ({ call: "durablePromiseServer/await", input: { request: { promiseName: "@p1" } } }),
  routes: {
    front: () => ({ front: "GET /promises/:promise/result", params: { promise: "@p1" }, idempotencyKey: "@k1" }),
  },
});
const dispose = operation({ args: fc.constant(null), request: () => ({ call: "promises/dispose", key: "@p1" }) });

/** How often a plan is run at most until its faults are injected: on a busy machine a run may end before they can be. */
const TIMES = 20;

/** Runs a plan until all of its faults are injected. Each of its runs must come to rest. @returns what became of the faults */
async function phasesOf(pattern: string, plan: Plan, release: OperationDraft[] = []): Promise<string[]> {
  const property = propertyOf({ pattern, operations: { book, awaits, dispose }, release: () => release });
  await runner.serve(property, []);
  for (let time = 1; time <= TIMES; time++) {
    const judged = await runner.judge(plan, property);
    if (!judged) throw new Error("the case was not run");
    const { events, final } = judged.history;
    expect([final.quiescent, final.unfinished]).toEqual([true, []]);
    const phases = events.flatMap((event) => (event.type === "fault" ? [`${event.fault} ${event.phase}`] : []));
    if (phases.filter((phase) => phase.endsWith(" injected")).length === plan.faults.length) return phases;
  }
  throw new Error(`not all faults were injected in any of ${TIMES} runs`);
}
/** The kinds get their names when a property has them: a plan is made after that. */
propertyOf({ operations: { book, awaits, dispose } });

test("a process that was frozen while a fault held its call comes to rest, though that fault was injected first", async () => {
  const { plan } = scenario(
    { o1: book("@o1"), o2: book("@o2") },
    faults.stall.before(externalCall("o1", 1)),
    faults.zombie.before(externalCall("o2", 3)),
  );
  const phases = await phasesOf("sagas", plan);
  expect(phases.sort()).toEqual(["f1 healed", "f1 injected", "f2 healed", "f2 injected"]);
});

test("a process that waits on behalf of a client whom only the recovery phase releases comes to rest then", async () => {
  const { plan } = scenario(
    { o2: awaits(null).via("front"), o1: awaits(null).after(invoked("o2")) },
    faults.zombie.after(message("o1", 2, { child: 1, direction: "to-endpoint" })).until(answered("o1")),
  );
  const phases = await phasesOf("durable-promises", plan, [dispose(null)]);
  expect(phases).toEqual(["f1 injected", "f1 healed"]);
});
