/** Hand-made runs for the tests of this folder, and for looking at what the report makes of them. */

import type { AttemptEvent, History, HistoryEvent, LedgerEvent } from "../history/index.ts";
import type { Operation, Plan, Request } from "../plan/index.ts";
import type { Failure, PropertyProgress, RunStarted } from "../record/index.ts";

export const started: RunStarted = {
  type: "run",
  started: "2031-05-06T07:08:09.123Z",
  seed: 424242,
  generator: 1,
  budget: 20_000,
  stacks: ["native"],
  subject: "src/catalog.ts",
  environment: {
    node: "24.21.0",
    "restate-server": "1.7.12",
    "restate-sdk": "1.17.2",
    platform: "linux x64, 2 cores",
  },
  labels: {
    "kill-endpoint": "the endpoint is killed",
    "lost-answer": "an external system acts and its answer is lost",
    zombie: "the endpoint is frozen, its successor takes over, and it thaws later",
  },
};

export function progress(rest: Partial<PropertyProgress> = {}): PropertyProgress {
  return {
    type: "property",
    property: "a product is reserved once",
    pattern: "durable-rpc",
    stack: "native",
    verdict: "passed",
    cases: 612,
    operations: 4310,
    milliseconds: 20_412,
    faults: {
      "cut-stream": { planned: 410, injected: 398 },
      "cut-connection": { planned: 201, injected: 197 },
      "kill-endpoint": { planned: 18, injected: 18 },
      "kill-server": { planned: 7, injected: 7 },
      zombie: { planned: 12, injected: 11 },
    },
    outcomes: {
      reserve: { ok: 2986, fail: 0, info: 31 },
      status: { ok: 1288, fail: 0, info: 5 },
    },
    systems: {},
    scenarios: {
      "two clients reserved one product at the same time": 377,
      "a client asked again after a lost answer": 122,
      "the winner's attempt was cut after its answer was written": 41,
    },
    invariants: ["one winner", "one answer per reservation", "linearizable", "terminates", "replays deterministically"],
    ...rest,
  };
}

/** An attempt's event, its numbers and names from a short form: "o1.1" is attempt 1 of operation o1. */
function attempt(at: number, id: string, target: string, phase: AttemptEvent["phase"], more = {}): AttemptEvent {
  const [operation = "", number, child] = id.split(".");
  const invocation = `inv_${operation}${child === undefined ? "" : `_${child}`}`;
  const own = { type: "attempt", at, operation, invocation, target, attempt: Number(number), phase, ...more } as const;
  return child === undefined ? own : { ...own, child: Number(child) };
}

const effect = (at: number, path: string, by: string, more: Partial<LedgerEvent> = {}): LedgerEvent => {
  const [system = "", action = "", key = ""] = path.split(" ");
  const [operation = "", number] = by.split(".");
  return { type: "effect", at, system, action, key, operation, attempt: Number(number), reference: "@t1", ...more };
};

const final: History["final"] = { quiescent: true, unfinished: [], state: {} };

/** Two clients reserve one product and both win; the endpoint was killed in between. */
export function twoWinners(): Failure {
  const args = (reservation: string) => ({ product: "@p1", reservation });
  const request = (key: string): Request => ({ call: "product/reserve", key: "@p1", idempotencyKey: key });
  const plan: Plan = {
    operations: [
      { id: "o1", client: "A", kind: "reserve", args: args("@r1"), retries: 1 },
      { id: "o2", client: "B", kind: "reserve", args: args("@r2") },
      { id: "o3", client: "B", kind: "status", args: { product: "@p1" }, after: ["o1"] },
    ],
    faults: [
      {
        id: "f1",
        kind: "kill-endpoint",
        at: { at: "message", operation: "o1", attempt: 1, direction: "to-server", message: 2, when: "before" },
      },
    ],
  };
  const events: HistoryEvent[] = [
    { type: "invoke", at: 0.4, operation: "o1", request: request("@r1") },
    attempt(2.1, "o1.1", "product/@p1/reserve", "started"),
    { type: "invoke", at: 2.6, operation: "o2", request: request("@r2") },
    {
      type: "fault",
      at: 3.9,
      fault: "f1",
      kind: "kill-endpoint",
      phase: "injected",
      detail: "o1 attempt 1, SetState to the server",
    },
    attempt(4.2, "o1.1", "product/@p1/reserve", "lost"),
    attempt(131.0, "o2.1", "product/@p1/reserve", "started"),
    attempt(133.8, "o2.1", "product/@p1/reserve", "ended"),
    { type: "ok", at: 134.6, operation: "o2", value: true, invocation: "inv_o2" },
    { type: "fault", at: 135.0, fault: "f1", kind: "kill-endpoint", phase: "healed" },
    attempt(136.2, "o1.2", "product/@p1/reserve", "started"),
    attempt(139.7, "o1.2", "product/@p1/reserve", "ended"),
    { type: "ok", at: 140.3, operation: "o1", value: true, invocation: "inv_o1" },
    { type: "invoke", at: 141.0, operation: "o3", request: { call: "product/status", key: "@p1" } },
    attempt(142.5, "o3.1", "product/@p1/status", "started"),
    attempt(143.1, "o3.1", "product/@p1/status", "ended"),
    { type: "ok", at: 143.9, operation: "o3", value: true, invocation: "inv_o3" },
  ];
  return {
    invariant: "one winner",
    evidence: {
      summary: "@p1 went to o1 (reserve) and to o2 (reserve): both were answered true.",
      expected: "at most one reservation of @p1 is answered true",
      seen: "@r1 and @r2 are both answered true",
      events: [7, 11],
      partials: [
        [0, 12],
        [2, 12],
      ],
    },
    seed: 424242,
    case: 37,
    plan,
    history: {
      plan,
      operations: plan.operations,
      stack: "native",
      events,
      final: { ...final, state: { "product/@p1": { reserved: true, by: "@r1" } } },
    },
    original: { operations: 14, faults: 3 },
    shrink: { runs: 61, milliseconds: 8230, complete: true },
    rate: { failed: 10, of: 10, stack: "native" },
    saved: "reports/corpus/durable-rpc-one-winner-5f2c.json",
    replay: "REPLAY=reports/corpus/durable-rpc-one-winner-5f2c.json npx vitest run properties/durable-rpc",
  };
}

/** A trip that is cancelled while a zombie books on: refusals, repeats, a lapse, children, and never at rest. */
export function restlessTrip(): Failure {
  const trip = {
    trip: "@t1",
    flights: { flightId: "@f1", passengerName: "Ada </script><b>Lovelace</b>" },
    car: { pickupLocation: "@c1", rentalDate: "2031-06-01" },
    paymentInfo: { cardNumber: "4242424242424242", amount: 12_500 },
  };
  const plan: Plan = {
    operations: [
      { id: "o4", client: "A", kind: "book", args: trip },
      { id: "o5", client: "A", kind: "attach", args: null, of: "o4" },
      { id: "o7", client: "B", kind: "cancel", args: null, of: "o4", after: ["o4"] },
    ],
    faults: [
      {
        id: "f1",
        kind: "zombie",
        at: { at: "effect", operation: "o4", call: 2, when: "before" },
        heal: { at: "operation", operation: "o7", point: "completion", when: "after" },
      },
      { id: "f2", kind: "lost-answer", at: { at: "effect", operation: "o4", call: 3, when: "after" } },
      { id: "f3", kind: "kill-server", at: { at: "effect", operation: "o4", call: 9, when: "after" } },
    ],
    happensBefore: [
      {
        first: { at: "effect", operation: "o4", call: 3, when: "after" },
        second: { at: "operation", operation: "o7", point: "invoke", when: "before" },
      },
    ],
  };
  const target = "BookingWorkflow/@t1/run";
  const child = "paymentAudit/@t1/note";
  const events: HistoryEvent[] = [
    {
      type: "invoke",
      at: 0.3,
      operation: "o4",
      request: { call: "BookingWorkflow/run", key: "@t1", input: trip, send: true },
    },
    { type: "ok", at: 3.2, operation: "o4", value: "accepted", invocation: "inv_o4" },
    { type: "invoke", at: 3.4, operation: "o5" },
    attempt(4.0, "o4.1", target, "started"),
    effect(9.4, "flights reserve @t1-flight", "o4.1", { data: { reservation: "@t1-flight", hold: 60_000 } }),
    {
      type: "fault",
      at: 14.1,
      fault: "f1",
      kind: "zombie",
      phase: "injected",
      detail: "o4 attempt 1, before cars reserve",
    },
    attempt(15.0, "o4.1", target, "lost"),
    attempt(31.8, "o4.2", target, "started"),
    effect(36.6, "flights reserve @t1-flight", "o4.2", { type: "repeat" }),
    effect(41.0, "cars reserve @t1-car", "o4.2"),
    {
      type: "fault",
      at: 41.3,
      fault: "f2",
      kind: "lost-answer",
      phase: "injected",
      detail: "o4 attempt 2, cars reserve",
    },
    attempt(42.7, "o4.1.1", child, "started"),
    effect(44.0, "audit note @t1-note", "o4.1"),
    attempt(45.2, "o4.1.1", child, "ended"),
    attempt(47.9, "o4.2", target, "suspended"),
    { type: "invoke", at: 48.0, operation: "o7" },
    { type: "ok", at: 51.3, operation: "o7", value: null },
    { type: "fault", at: 51.9, fault: "f1", kind: "zombie", phase: "healed", detail: "thawed" },
    attempt(52.8, "o4.3", target, "started"),
    effect(55.1, "cars cancel @t1-car", "o4.3"),
    effect(56.6, "cars reserve @t1-car", "o4.1", {
      type: "refusal",
      data: { status: 409, message: "cancelled before" },
    }),
    effect(61.4, "flights confirm @t1-flight", "o4.1"),
    effect(64.9, "flights cancel @t1-flight", "o4.3"),
    attempt(66.0, "o4.3", target, "failed", { code: 570, message: "journal mismatch at 7: expected Run, got Sleep" }),
    attempt(78.8, "o4.4", target, "started"),
    { type: "info", at: 5078.8, operation: "o5", reason: "no answer within 5 s" },
    { type: "recovery", at: 5080.1 },
    effect(9_604.2, "cars reserve @t1-car2", "o4.1", { type: "lapse" }),
    { type: "fault", at: 9_870.2, fault: "f3", kind: "kill-server", phase: "missed" },
    { type: "learned", at: 9_871.0, operation: "o5", outcome: { code: 409, message: "cancelled" } },
  ];
  return {
    invariant: "all or nothing",
    evidence: {
      summary:
        "Trip @t1 is neither booked nor undone: its flight @t1-flight was confirmed by an attempt that had been given up, and was cancelled 3.5 ms later; nothing may be confirmed and cancelled.",
      expected: "every reservation of @t1 cancelled or lapsed, or every one confirmed and 12500 paid once",
      seen: "flight confirmed, then cancelled; car cancelled; nothing paid",
      events: [4, 21, 22],
    },
    plan,
    history: {
      plan,
      operations: plan.operations,
      stack: "native",
      events,
      final: {
        ...final,
        quiescent: false,
        unfinished: ["BookingWorkflow/@t1/run: backing-off, 570 journal mismatch at 7: expected Run, got Sleep"],
        state: { "BookingWorkflow/@t1": { step: "compensating", undo: ["cars", "flights"] } },
      },
    },
    original: { operations: 9, faults: 5 },
    shrink: { runs: 140, milliseconds: 61_020, complete: false },
    rate: { failed: 7, of: 10, stack: "native" },
    saved: "reports/corpus/sagas-all-or-nothing-91aa.json",
    replay: "REPLAY=reports/corpus/sagas-all-or-nothing-91aa.json npx vitest run properties/sagas",
  };
}

/** An unshrunk history: `size` operations of five clients on six products, every third attempt cut once. */
export function longHistory(size: number): Failure {
  const failure = twoWinners();
  const clients = ["A", "B", "C", "D", "E"];
  const operations: Operation[] = [];
  const plan: Plan = { operations, faults: [] };
  const events: HistoryEvent[] = [];
  let at = 0;
  for (let n = 1; n <= size; n++) {
    const operation = `o${n}`;
    const key = `@p${n % 6}`;
    const client = clients[n % clients.length]!;
    operations.push({ id: operation, client, kind: "reserve", args: { product: key, reservation: `@r${n}` } });
    const target = `product/${key}/reserve`;
    const next = (step: number) => {
      at += step;
      return Math.round(at * 100) / 100;
    };
    const ends = n > clients.length ? `o${n - clients.length}` : undefined;
    if (ends !== undefined) {
      events.push({ type: "ok", at: next(0.4), operation: ends, value: n % 7 === 0, invocation: `inv_${ends}` });
    }
    events.push({ type: "invoke", at: next(n % 50 === 0 ? 400 : 0.3), operation });
    events.push(attempt(next(1.2), `${operation}.1`, target, "started"));
    if (n % 3 === 0) {
      plan.faults.push({
        id: `f${n}`,
        kind: "cut-stream",
        at: { at: "message", operation, attempt: 1, direction: "to-server", message: 1, when: "before" },
      });
      events.push({ type: "fault", at: next(0.1), fault: `f${n}`, kind: "cut-stream", phase: "injected" });
      events.push(attempt(next(0.1), `${operation}.1`, target, "lost"));
      events.push(attempt(next(9), `${operation}.2`, target, "started"));
    }
    events.push(effect(next(0.7), `shop reserve @r${n}`, `${operation}.${n % 3 === 0 ? 2 : 1}`));
    events.push(attempt(next(0.9), `${operation}.${n % 3 === 0 ? 2 : 1}`, target, "ended"));
  }
  const half = Math.floor(events.length / 2);
  return {
    ...failure,
    plan: { operations: operations.slice(0, 20), faults: plan.faults.slice(0, 4) },
    evidence: { summary: failure.evidence.summary, events: [half, half + 9, events.length - 4] },
    history: { plan, operations, stack: "native", events, final },
  };
}
