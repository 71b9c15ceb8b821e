import { afterAll, beforeAll, expect, test } from "vitest";
import type { Call, Operation, Plan } from "../plan/index.ts";
import { Arena } from "./arena.ts";
import { startStack } from "./index.ts";
import type { Property } from "./property.ts";
import { Subject } from "./subject.ts";

let arena: Arena;
beforeAll(async () => {
  arena = new Arena(await startStack("native"), await Subject.load());
});
afterAll(() => arena?.close());

/** How often a plan is run at most until its faults strike: on a busy machine a run may end before they can. */
const TIMES = 20;

/** Runs a plan until all of its faults strike. Each of its runs must come to rest. @returns what became of the faults */
async function phasesOf(pattern: string, plan: Plan, closing: Call[] = []): Promise<string[]> {
  const property: Property = {
    name: "healing",
    pattern,
    plan: () => {
      throw new Error("not used");
    },
    closing: () => closing,
    invariants: {},
    reaches: {},
  };
  await arena.serve(property, []);
  for (let time = 1; time <= TIMES; time++) {
    const judged = await arena.judge(plan, property);
    if (!judged) throw new Error("it was not run");
    const { events, final } = judged.history;
    expect([final.quiescent, final.unfinished]).toEqual([true, []]);
    const phases = events.flatMap((event) => (event.type === "fault" ? [`${event.fault} ${event.phase}`] : []));
    if (phases.filter((phase) => phase.endsWith(" struck")).length === plan.faults.length) return phases;
  }
  throw new Error(`not all faults struck in any of ${TIMES} runs`);
}

const trip = (id: string): Operation => ({
  id,
  client: id,
  kind: "book",
  mode: "call",
  call: { service: "BookingWorkflow", handler: "run", key: `@${id}` },
  input: {
    flights: { flightId: "LH123", passengerName: `@${id}` },
    car: { pickupLocation: "LAX", rentalDate: "2030-01-31" },
    paymentInfo: { cardNumber: "4242424242424242", amount: 1 },
  },
});

test("a process that was frozen while a fault withheld its call comes to rest, though that fault struck first", async () => {
  const phases = await phasesOf("sagas", {
    operations: [trip("o1"), trip("o2")],
    faults: [
      { id: "f1", kind: "external-stalls", at: { at: "effect", operation: "o1", call: 1, when: "before" } },
      { id: "f2", kind: "zombie", at: { at: "effect", operation: "o2", call: 3, when: "before" } },
    ],
  });
  expect(phases.sort()).toEqual(["f1 healed", "f1 struck", "f2 healed", "f2 struck"]);
});

test("a process that waits on behalf of a client whom only the closing phase lets go comes to rest then", async () => {
  const waits: Operation = {
    id: "o1",
    client: "c1",
    kind: "await",
    mode: "call",
    call: { service: "durablePromiseServer", handler: "await" },
    input: { request: { promiseName: "@p1" } },
  };
  const front: Operation = {
    id: "o2",
    client: "c2",
    kind: "await",
    mode: "call",
    call: { app: "durable-promises", handler: "GET /promises/@p1/result" },
    idempotencyKey: "@k1",
  };
  const phases = await phasesOf(
    "durable-promises",
    {
      operations: [front, { ...waits, at: { at: "operation", operation: "o2", point: "invoke", when: "after" } }],
      faults: [
        {
          id: "f1",
          kind: "zombie",
          at: {
            at: "message",
            operation: "o1",
            child: 1,
            attempt: 1,
            direction: "to-endpoint",
            message: 2,
            when: "after",
          },
          heal: { at: "operation", operation: "o1", point: "completion", when: "before" },
        },
      ],
    },
    [{ service: "promises", handler: "dispose", key: "@p1" }],
  );
  expect(phases).toEqual(["f1 struck", "f1 healed"]);
});
