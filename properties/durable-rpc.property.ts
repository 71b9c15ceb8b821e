import fc from "fast-check";
import { type Checker, linearizable, type Model } from "../harness/check/index.ts";
import { type History, overlap, type Performed, performed } from "../harness/history/index.ts";
import { type Call, type Operation, type Request, storm } from "../harness/plan/index.ts";
import { property } from "../harness/session/index.ts";

const reserveCall = (product: string): Call => ({ service: "product", handler: "reserve", key: product });
const statusCall = (product: string): Call => ({ service: "product", handler: "status", key: product });
const frontCall = (product: string, reservation: string): Call => ({
  app: "durable-rpc",
  handler: `POST /reserve/${product}/${reservation}`,
});

const pair = fc.record({
  product: fc.constantFrom("@p1", "@p1", "@p2"),
  reservation: fc.constantFrom("@r1", "@r2", "@r3", "@r4"),
});
const reserve: fc.Arbitrary<Request> = pair.map(({ product, reservation }) => ({
  call: reserveCall(product),
  idempotencyKey: reservation,
}));
const order: fc.Arbitrary<Request> = pair.map(({ product, reservation }) => ({
  call: frontCall(product, reservation),
}));
const status: fc.Arbitrary<Request> = pair.map(({ product }) => ({ call: statusCall(product) }));

// --- what a history says

interface Attempted extends Performed {
  product: string;
  reservation: string;
}

/** Which product and reservation an operation asks for; the front names them in its path. */
function asksFor({ call, idempotencyKey = "" }: Operation): { product: string; reservation: string } | undefined {
  if (!call) return undefined;
  if ("app" in call) {
    const [, product = "", reservation = ""] = /^POST \/reserve\/([^/]+)\/([^/]+)$/.exec(call.handler) ?? [];
    return { product, reservation };
  }
  return call.handler === "reserve" ? { product: call.key!, reservation: idempotencyKey } : undefined;
}

const reservations = (history: History): Attempted[] =>
  performed(history).flatMap((one) => {
    const what = asksFor(one.operation);
    return what ? [{ ...one, ...what }] : [];
  });

const byProduct = (history: History) => Map.groupBy(reservations(history), ({ product }) => product);
const saidTrue = ({ completion }: Performed): boolean => completion?.type === "ok" && completion.value === true;
const endedTrue = ({ outcome }: Performed): boolean => outcome?.status === "succeeded" && outcome.value === true;

// --- what must hold

type Input = { product: string; reserve?: string };

/** A sticky register: the first reservation that is written stays; `status` asks whether there is one. */
const stickyRegister: Model<string, Input, boolean> = {
  name: "sticky register",
  init: () => "",
  partition: ({ product }) => product,
  reads: ({ reserve }) => reserve === undefined,
  step(winner, input, output) {
    const next = input.reserve === undefined ? winner : winner || input.reserve;
    const answer = input.reserve === undefined ? winner !== "" : next === input.reserve;
    return output === undefined || output === answer ? [next] : [];
  },
  describe: ({ product, reserve }, output) =>
    `${product}.${reserve === undefined ? "status()" : `reserve(${reserve})`} -> ${output ?? "?"}`,
  describeState: (winner) => (winner ? `reserved by ${winner}` : "free"),
};

const linearizableProduct = linearizable(stickyRegister, {
  select(operation, outcome) {
    const output = outcome?.type === "ok" ? (outcome.value as boolean) : undefined;
    const what = asksFor(operation);
    if (what)
      return outcome?.type === "fail"
        ? undefined
        : { input: { product: what.product, reserve: what.reservation }, output };
    return output === undefined ? undefined : { input: { product: (operation.call as { key: string }).key }, output };
  },
});

const atMostOneWinner: Checker = (history) => {
  for (const [product, all] of byProduct(history)) {
    const winners = Map.groupBy(all.filter(saidTrue), ({ reservation }) => reservation);
    if (winners.size < 2) continue;
    return {
      verdict: "invalid",
      evidence: {
        summary: `${product} went to ${[...winners.keys()].join(" and to ")}: each was answered true.`,
        expected: "at most one reservation is answered true",
        events: [...winners.values()].map(([first]) => first!.completed!),
      },
    };
  }
  return { verdict: "valid" };
};

/** Judged by how the invocations ended, so that an answer which nobody heard counts as well. */
const exactlyOneCompletedTrue: Checker = (history) => {
  for (const [product, all] of byProduct(history)) {
    const answered = all.filter(({ completion }) => completion?.type === "ok");
    const winners = new Set(all.filter(endedTrue).map(({ reservation }) => reservation));
    const open = all.some(({ outcome, completion }) => !outcome && completion?.type === "info");
    if (answered.length === 0 || winners.size === 1 || (winners.size === 0 && open)) continue;
    return {
      verdict: "invalid",
      evidence: {
        summary: `Reservations of ${product} were answered, and in the end ${winners.size} of them had completed true${winners.size ? `: ${[...winners].join(", ")}` : ""}.`,
        expected: "exactly one reservation completes true",
        events: answered.map(({ completed }) => completed!),
      },
    };
  }
  return { verdict: "valid" };
};

const sameAnswer: Checker = (history) => {
  const answered = reservations(history).filter(({ completion }) => completion?.type === "ok");
  const pairs = Map.groupBy(answered, ({ product, reservation }) => `${reservation} for ${product}`);
  for (const [name, all] of pairs)
    for (const other of all.slice(1)) {
      const [a, b] = [all[0]!.completion!, other.completion!];
      if (a.type !== "ok" || b.type !== "ok") continue;
      const sameInvocation = !a.invocation || !b.invocation || a.invocation === b.invocation;
      if (a.value === b.value && sameInvocation) continue;
      return {
        verdict: "invalid",
        evidence: {
          summary: `${name} was answered ${a.value} once and ${b.value} another time${sameInvocation ? "" : ", by two invocations"}.`,
          expected: "a reservation always gets the same answer, from one invocation",
          events: [all[0]!.completed!, other.completed!],
        },
      };
    }
  return { verdict: "valid" };
};

/** The audit asks for the status when all is over. */
const ackedTrueSurvives: Checker = (history) => {
  const all = performed(history);
  for (const winner of reservations(history).filter(saidTrue)) {
    const later = all.find(
      ({ operation, invoke, completion }) =>
        operation.kind === "status" &&
        asksFor(operation) === undefined &&
        (operation.call as { key: string }).key === winner.product &&
        invoke! > winner.completed! &&
        completion?.type === "ok" &&
        completion.value === false,
    );
    if (!later && history.final.answers?.[winner.product] !== false) continue;
    return {
      verdict: "invalid",
      evidence: {
        summary: `${winner.reservation} was told that it has ${winner.product}, and ${later ? "later" : "in the end"} the status was that nobody has it.`,
        expected: "status true",
        seen: "status false",
        events: [winner.completed!, ...(later ? [later.completed!] : [])],
      },
    };
  }
  return { verdict: "valid" };
};

const noInventedEffect: Checker = (history) => {
  const taken = Object.entries(history.final.answers ?? {}).flatMap(([product, is]) => (is === true ? [product] : []));
  const asked = byProduct(history);
  const invented = taken.find((product) => !asked.get(product)?.some(({ invoke }) => invoke !== undefined));
  if (invented === undefined) return { verdict: "valid" };
  return {
    verdict: "invalid",
    evidence: {
      summary: `${invented} is taken, and nobody had asked for it.`,
      expected: "status false",
      seen: "status true",
      events: [],
    },
  };
};

// --- the storm

const direct = (id: string, client: string, reservation: string, more: Partial<Operation> = {}): Operation => ({
  id,
  client,
  kind: "reserve",
  mode: "call",
  call: reserveCall("@p1"),
  idempotencyKey: reservation,
  ...more,
});
const asked = (id: string, client: string, more: Partial<Operation> = {}): Operation => ({
  id,
  client,
  kind: "status",
  mode: "call",
  call: statusCall("@p1"),
  ...more,
});

/** The two of one reservation, the first before the second. */
const repeated = (history: History, is: (first: Attempted, second: Attempted) => boolean): boolean => {
  const all = reservations(history);
  return all.some((second, index) =>
    all
      .slice(0, index)
      .some(
        (first) => first.product === second.product && first.reservation === second.reservation && is(first, second),
      ),
  );
};

property("a product is reserved once, and everyone is told the same", {
  pattern: "durable-rpc",
  plan: storm({
    kinds: {
      reserve: { weight: 4, request: reserve, messages: { toEndpoint: 2, toServer: 4 } },
      order: { weight: 3, request: order, messages: { toEndpoint: 2, toServer: 4 } },
      status: { weight: 3, request: status, messages: { toEndpoint: 2, toServer: 3 } },
    },
  }),
  audit: (plan) =>
    Object.fromEntries(
      [...new Set(plan.operations.flatMap((one) => asksFor(one)?.product ?? []))].map((product) => [
        product,
        statusCall(product),
      ]),
    ),
  invariants: {
    "at most one winner": atMostOneWinner,
    "exactly one completed true": exactlyOneCompletedTrue,
    "same answer per reservation": sameAnswer,
    linearizable: linearizableProduct,
    "acked true survives": ackedTrueSurvives,
    "no invented effect": noInventedEffect,
  },
  reaches: {
    "two reservations race for one product": {
      met: (history) => {
        const all = reservations(history);
        return all.some((a) =>
          all.some((b) => a.product === b.product && a.reservation !== b.reservation && overlap(a, b)),
        );
      },
      plan: { operations: [direct("o1", "c1", "@r1"), direct("o2", "c2", "@r2"), asked("o3", "c3")] },
    },
    "a reservation is asked for twice at the same time": {
      met: (history) => repeated(history, (first, second) => overlap(first, second)),
      plan: {
        operations: [
          direct("o1", "c1", "@r1"),
          direct("o2", "c2", "@r1", { at: { at: "operation", operation: "o1", point: "invoke", when: "after" } }),
        ],
      },
    },
    "a reservation is asked for again after its answer": {
      met: (history) =>
        repeated(history, (first, second) => first.completion?.type === "ok" && first.completed! < second.invoke!),
      plan: {
        operations: [
          direct("o1", "c1", "@r1"),
          direct("o2", "c1", "@r1"),
          direct("o3", "c2", "@r1", { after: ["o2"] }),
        ],
      },
    },
    "a reservation is asked for again after a lost answer": {
      met: (history) =>
        repeated(history, (first, second) => first.completion?.type === "info" && first.completed! < second.invoke!),
      plan: {
        operations: [direct("o1", "c1", "@r1"), direct("o2", "c1", "@r1")],
        faults: [
          {
            id: "f1",
            kind: "client-walks-away",
            at: { at: "message", operation: "o1", attempt: 1, direction: "to-server", message: 1, when: "before" },
          },
        ],
      },
    },
    "an attempt is cut after it has written, and repeated": {
      met: ({ events }) =>
        events.some((event) => event.type === "fault" && event.kind === "cut-reset" && event.phase === "struck"),
      plan: {
        operations: [direct("o1", "c1", "@r1"), asked("o2", "c1")],
        faults: [
          {
            id: "f1",
            kind: "cut-reset",
            at: { at: "message", operation: "o1", attempt: 1, direction: "to-server", message: 2, when: "after" },
          },
        ],
      },
    },
    "a client loses its connection and asks again": {
      met: ({ events }) =>
        events.some((event) => event.type === "fault" && event.kind === "client-retries" && event.phase === "struck"),
      plan: {
        operations: [direct("o1", "c1", "@r1")],
        faults: [
          {
            id: "f1",
            kind: "client-retries",
            at: { at: "message", operation: "o1", attempt: 1, direction: "to-server", message: 1, when: "before" },
          },
        ],
      },
    },
    "the status is asked after an acked true, a killed endpoint and a killed server": {
      met: ({ events }) => {
        const struck = new Set(
          events.flatMap((event) => (event.type === "fault" && event.phase === "struck" ? [event.kind] : [])),
        );
        return struck.has("kill-endpoint") && struck.has("kill-server");
      },
      plan: {
        operations: [
          direct("o1", "c1", "@r1"),
          asked("o2", "c1", { retries: 3 }),
          asked("o3", "c1", { retries: 3 }),
          asked("o4", "c1"),
        ],
        faults: [
          {
            id: "f1",
            kind: "kill-endpoint",
            at: { at: "message", operation: "o2", attempt: 1, direction: "to-server", message: 1, when: "before" },
          },
          {
            id: "f2",
            kind: "kill-server",
            at: { at: "message", operation: "o3", attempt: 1, direction: "to-server", message: 1, when: "before" },
          },
        ],
      },
    },
  },
});
