import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import type { Fault, Moment, Operation, Plan } from "../plan/index.ts";
import type { Injection } from "../stack/index.ts";
import { Nemesis } from "./nemesis.ts";

const message = (operation: string, number: number, when: Moment["when"] = "before"): Moment => ({
  at: "message",
  operation,
  attempt: 1,
  direction: "to-server",
  message: number,
  when,
});
const effect = (operation: string, when: Moment["when"]): Moment => ({ at: "effect", operation, call: 1, when });
const invoke = (operation: string, when: Moment["when"]): Moment => ({
  at: "operation",
  operation,
  point: "invoke",
  when,
});

/** What becomes of what is injected. */
interface Healing {
  healing?: Promise<void> | (() => Promise<void>);
  rested?: Promise<void>;
}

/** A nemesis of a plan with the operations o1 and o2, and all that it does. */
function make(faults: Fault[], more: Partial<Plan> & Healing = {}) {
  const { healing, rested, ...plan } = more;
  const done: string[] = [];
  const operation = (id: string): Operation => ({ id, client: id, kind: "any", args: null });
  const nemesis = new Nemesis(
    { operations: [operation("o1"), operation("o2")], faults, ...plan },
    (moment) => ({
      cutClient: (then) => done.push(`the client of ${moment.operation} ${then}`),
      inject: async ({ kind }: Injection) => {
        done.push(kind);
        return {
          heal: async () => {
            await (typeof healing === "function" ? healing() : healing);
            done.push(`${kind} healed`);
          },
          ...(rested && { rested: () => rested }),
        };
      },
      holdCallsOfOpenAttempts: () => () => done.push("calls released"),
    }),
    ({ fault, phase, detail }) => done.push([fault, phase, detail].filter((part) => part !== undefined).join(" ")),
  );
  return { nemesis, done };
}

/** Whether a promise is still open after a turn of the loop. */
async function isHeld(promise: unknown): Promise<boolean> {
  let settled = false;
  void Promise.resolve(promise).then(() => {
    settled = true;
  });
  await turn();
  return !settled;
}

test("a fault is injected at its moment, once, and says where", async () => {
  const { nemesis, done } = make([{ id: "f1", kind: "cut-stream", at: message("o1", 2) }]);
  expect(nemesis.at(message("o1", 1), "Run")).toEqual({});
  expect(nemesis.at(message("o2", 2), "Run")).toEqual({});
  expect(nemesis.at(message("o1", 2, "after"), "Run")).toEqual({});
  expect(await nemesis.at(message("o1", 2), "Run")).toEqual({ decision: "reset" });
  expect(await nemesis.at(message("o1", 2), "Run again")).toEqual({});
  // it does not last, so there is nothing to heal
  await nemesis.recover();
  nemesis.recordMissed();
  expect(done).toEqual(["f1 injected Run"]);
});

test("moments that no plan names pass without a promise", () => {
  const { nemesis } = make([{ id: "f1", kind: "cut-stream", at: message("o1", 2) }]);
  expect(nemesis.at(message("o1", 3), "")).not.toBeInstanceOf(Promise);
  expect(nemesis.at(message("o1", 2), "")).toBeInstanceOf(Promise);
});

test("every kind of fault reaches what stands at the moment", async () => {
  const { nemesis, done } = make([
    { id: "f1", kind: "walk-away", at: invoke("o1", "after") },
    { id: "f2", kind: "reconnect", at: message("o2", 1) },
    { id: "f3", kind: "fail-call", at: effect("o1", "before") },
    { id: "f4", kind: "lose-answer", at: effect("o1", "after") },
    { id: "f5", kind: "kill-endpoint", at: message("o1", 1) },
    { id: "f6", kind: "cut-connection", at: message("o1", 1) },
  ]);
  expect(await nemesis.at(invoke("o1", "after"), "")).toEqual({});
  expect(await nemesis.at(message("o2", 1), "")).toEqual({});
  expect(await nemesis.at(effect("o1", "before"), "")).toEqual({ external: "fail" });
  expect(await nemesis.at(effect("o1", "after"), "")).toEqual({ external: "lose" });
  // two at one moment
  expect(await nemesis.at(message("o1", 1), "")).toEqual({ decision: "session" });
  expect(done.filter((one) => !one.includes("injected"))).toEqual([
    "the client of o1 walks away",
    "the client of o2 asks again",
    "kill-endpoint",
  ]);
});

test("what a fault holds goes on when it is healed, at the moment that the plan names", async () => {
  const { nemesis, done } = make([{ id: "f1", kind: "stall", at: effect("o1", "before"), heal: message("o2", 3) }]);
  const held = nemesis.at(effect("o1", "before"), "POST /pay");
  expect(await isHeld(held)).toBe(true);
  await nemesis.at(message("o2", 3), "");
  expect(await held).toEqual({});
  expect(done).toEqual(["f1 injected POST /pay", "f1 healed"]);
  await nemesis.recover();
  expect(done).toHaveLength(2);
});

test("healing before it has injected does nothing: it lasts until the recovery phase", async () => {
  const { nemesis, done } = make([{ id: "f1", kind: "stall", at: effect("o1", "before"), heal: message("o2", 3) }]);
  await nemesis.at(message("o2", 3), "");
  const held = nemesis.at(effect("o1", "before"), "");
  expect(await isHeld(held)).toBe(true);
  await nemesis.recover();
  expect(await held).toEqual({});
  expect(done).toEqual(["f1 injected ", "f1 healed"]);
});

test("a zombie stays frozen, with its calls held, until it is healed; then the calls go first", async () => {
  const { nemesis, done } = make([{ id: "f1", kind: "zombie", at: message("o1", 1), heal: message("o2", 1) }]);
  const held = nemesis.at(message("o1", 1), "Run");
  expect(await isHeld(held)).toBe(true);
  expect(done).toEqual(["f1 injected Run", "zombie"]);
  await nemesis.at(message("o2", 1), "");
  await held;
  await nemesis.heal("f1");
  expect(done).toEqual(["f1 injected Run", "zombie", "calls released", "zombie healed", "f1 healed"]);
});

test("a server that was killed comes back at once, and the run waits for it", async () => {
  const back = Promise.withResolvers<void>();
  const { nemesis, done } = make([{ id: "f1", kind: "kill-server", at: message("o1", 1) }], { healing: back.promise });
  expect(nemesis.healing).toEqual([]);
  expect(await nemesis.at(message("o1", 1), "Run")).toEqual({});
  expect(nemesis.healing).toEqual(["the fault f1 (kill-server)"]);
  const closed = nemesis.recover();
  expect(await isHeld(closed)).toBe(true);
  back.resolve();
  await closed;
  expect(nemesis.healing).toEqual([]);
  expect(done).toEqual(["f1 injected Run", "kill-server", "kill-server healed", "f1 healed"]);
});

test("a healing that fails is over, and the recovery phase says so", async () => {
  const { nemesis } = make([{ id: "f1", kind: "kill-server", at: message("o1", 1) }], {
    healing: Promise.reject(new Error("it does not start")),
  });
  await nemesis.at(message("o1", 1), "");
  await turn();
  expect(nemesis.healing).toEqual([]);
  await expect(nemesis.recover()).rejects.toThrow("it does not start");
});

test("no heal waits for another: each may need what another holds", async () => {
  const plan: Fault[] = [
    { id: "f1", kind: "stall", at: effect("o1", "before") },
    { id: "f2", kind: "zombie", at: effect("o2", "before") },
    { id: "f3", kind: "answer-late", at: effect("o1", "after") },
  ];
  for (const faults of [plan, [...plan].reverse()]) {
    const held: (Promise<unknown> | unknown)[] = [];
    // the frozen one goes on only when the stalled call has been let go
    const { nemesis, done } = make(faults, { healing: async () => void (await Promise.all(held)) });
    held.push(nemesis.at(effect("o1", "before"), ""), nemesis.at(effect("o1", "after"), ""));
    void nemesis.at(effect("o2", "before"), "");
    await turn();
    await nemesis.recover();
    expect(done.filter((one) => one.endsWith("healed")).sort()).toEqual([
      "f1 healed",
      "f2 healed",
      "f3 healed",
      "zombie healed",
    ]);
  }
});

test("a heal that fails keeps no other from healing", async () => {
  const { nemesis, done } = make(
    [
      { id: "f1", kind: "zombie", at: message("o1", 1) },
      { id: "f2", kind: "stall", at: effect("o1", "before") },
    ],
    {
      healing: async () => {
        throw new Error("it does not thaw");
      },
    },
  );
  void nemesis.at(message("o1", 1), "");
  const held = nemesis.at(effect("o1", "before"), "");
  await turn();
  await expect(nemesis.recover()).rejects.toThrow("it does not thaw");
  expect(await held).toEqual({});
  expect(done).toContain("f2 healed");
});

test("what a healed fault had stopped is under way until it has come to rest, and no heal waits for that", async () => {
  const rest = Promise.withResolvers<void>();
  const { nemesis, done } = make([{ id: "f1", kind: "zombie", at: message("o1", 1), heal: message("o2", 1) }], {
    rested: rest.promise,
  });
  void nemesis.at(message("o1", 1), "");
  await turn();
  expect(nemesis.restless).toEqual([]);
  await nemesis.at(message("o2", 1), "");
  await nemesis.recover();
  expect(done).toContain("f1 healed");
  expect([nemesis.healing, nemesis.restless]).toEqual([
    [],
    ["what the fault f1 (zombie) had stopped has not yet come to rest"],
  ]);
  rest.resolve();
  await turn();
  expect(nemesis.restless).toEqual([]);
});

test("what does not come to rest stays under way, and says why", async () => {
  const rest = Promise.withResolvers<void>();
  const { nemesis } = make([{ id: "f1", kind: "zombie", at: message("o1", 1) }], { rested: rest.promise });
  void nemesis.at(message("o1", 1), "");
  await turn();
  await nemesis.recover();
  rest.reject(new Error("two calls are in flight"));
  await turn();
  expect(nemesis.restless).toEqual([
    "what the fault f1 (zombie) had stopped does not come to rest: two calls are in flight",
  ]);
});

test("what was not healed is healed in the recovery phase, each once", async () => {
  const { nemesis, done } = make([
    { id: "f1", kind: "zombie", at: message("o1", 1) },
    { id: "f2", kind: "answer-late", at: effect("o1", "after") },
  ]);
  const held = [nemesis.at(message("o1", 1), ""), nemesis.at(effect("o1", "after"), "")];
  await turn();
  await nemesis.recover();
  await nemesis.recover();
  await Promise.all(held);
  expect(done.filter((one) => one.endsWith("healed")).sort()).toEqual(["f1 healed", "f2 healed", "zombie healed"]);
});

test("once the recovery phase has begun, nothing strikes that lasts or disturbs others; what is over at once still does", async () => {
  const { nemesis, done } = make([
    { id: "f1", kind: "stall", at: effect("o1", "before") },
    { id: "f2", kind: "kill-server", at: message("o1", 1) },
    { id: "f3", kind: "cut-stream", at: message("o1", 2) },
  ]);
  await nemesis.recover();
  expect(await nemesis.at(effect("o1", "before"), "")).toEqual({});
  expect(await nemesis.at(message("o1", 1), "")).toEqual({});
  expect(await nemesis.at(message("o1", 2), "")).toEqual({ decision: "reset" });
  nemesis.recordMissed();
  expect(done).toEqual(["f3 injected ", "f1 missed", "f2 missed"]);
});

test("an ordering constraint holds its second moment until the first has come", async () => {
  const happensBefore = [{ first: message("o1", 2, "after"), second: invoke("o2", "before") }];
  const { nemesis } = make([], { happensBefore });
  const second = nemesis.at(invoke("o2", "before"), "");
  expect(await isHeld(second)).toBe(true);
  expect(nemesis.at(message("o1", 1, "after"), "")).toEqual({});
  expect(await isHeld(second)).toBe(true);
  await nemesis.at(message("o1", 2, "after"), "");
  expect(await isHeld(second)).toBe(false);
  expect(await isHeld(nemesis.at(invoke("o2", "before"), ""))).toBe(false);
  await nemesis.recover();
  expect(nemesis.brokenOrders).toEqual([]);
});

test("an ordering constraint whose first moment comes first holds nothing", async () => {
  const { nemesis } = make([], { happensBefore: [{ first: message("o1", 1), second: message("o2", 1) }] });
  await nemesis.at(message("o1", 1), "");
  expect(await isHeld(nemesis.at(message("o2", 1), ""))).toBe(false);
});

test("a moment may wait for several, and a fault strikes there when it has waited", async () => {
  const happensBefore = [
    { first: message("o1", 1), second: message("o2", 1) },
    { first: message("o1", 2), second: message("o2", 1) },
  ];
  const { nemesis, done } = make([{ id: "f1", kind: "cut-stream", at: message("o2", 1) }], { happensBefore });
  const second = nemesis.at(message("o2", 1), "");
  await nemesis.at(message("o1", 2), "");
  expect(await isHeld(second)).toBe(true);
  expect(done).toEqual([]);
  await nemesis.at(message("o1", 1), "");
  expect(await second).toEqual({ decision: "reset" });
});

test("an ordering constraint whose first moment never comes is broken: what it held goes on in the recovery phase", async () => {
  const happensBefore = [
    { first: message("o1", 7), second: message("o2", 1) },
    // nobody waits for this one: nothing is wrong
    { first: message("o1", 8), second: message("o2", 2) },
  ];
  const { nemesis } = make([], { happensBefore });
  const second = nemesis.at(message("o2", 1), "");
  expect(await isHeld(second)).toBe(true);
  await nemesis.recover();
  expect(await second).toEqual({});
  expect(nemesis.brokenOrders).toHaveLength(1);
  expect(nemesis.brokenOrders[0]).toContain("o1 attempt 1 to-server 7");
});

test("whoever waits for a moment goes on once it has come, or in the recovery phase", async () => {
  const at = message("o1", 1);
  const operations: Operation[] = [
    { id: "o1", client: "A", kind: "any", args: null },
    { id: "o2", client: "B", kind: "any", args: null, at },
    { id: "o3", client: "C", kind: "any", args: null, at: message("o1", 9) },
  ];
  const { nemesis } = make([], { operations });
  const [reached, never] = [nemesis.reached(at), nemesis.reached(message("o1", 9))];
  expect(await isHeld(reached)).toBe(true);
  await nemesis.at(at, "");
  expect(await isHeld(reached)).toBe(false);
  expect(await isHeld(nemesis.reached(at))).toBe(false);
  expect(await isHeld(never)).toBe(true);
  await nemesis.recover();
  expect(await isHeld(never)).toBe(false);
});

test("whoever waits for a moment that a fault holds goes on while it is held", async () => {
  const stalled: Fault = { id: "f1", kind: "stall", at: effect("o1", "before") };
  const { nemesis } = make([stalled], {
    operations: [{ id: "o2", client: "o2", kind: "any", args: null, at: effect("o1", "before") }],
  });
  const reached = nemesis.reached(effect("o1", "before"));
  const moment = nemesis.at(effect("o1", "before"), "");
  await reached;
  expect(await isHeld(moment)).toBe(true);
  await nemesis.recover();
  await moment;
});
