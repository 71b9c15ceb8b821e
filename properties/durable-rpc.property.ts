import fc from "fast-check";
import { type Checker, linearizable, type Model } from "../harness/check/index.ts";
import type { History } from "../harness/history/index.ts";
import { type Operation, type Request, storm } from "../harness/plan/index.ts";
import { property } from "../harness/run/property.ts";

const products = fc.constantFrom("@p1", "@p1", "@p2");
const reservations = fc.constantFrom("@r1", "@r2", "@r3", "@r4");

const direct: fc.Arbitrary<Request> = fc
  .record({ product: products, reservation: reservations })
  .map(({ product, reservation }) => ({
    call: { service: "product", handler: "reserve", key: product },
    idempotencyKey: reservation,
  }));
const throughTheFront: fc.Arbitrary<Request> = fc
  .record({ product: products, reservation: reservations })
  .map(({ product, reservation }) => ({
    call: { app: "durable-rpc", handler: `POST /reserve/${product}/${reservation}` },
  }));
const status: fc.Arbitrary<Request> = products.map((product) => ({
  call: { service: "product", handler: "status", key: product },
}));

/** Which product and reservation an operation is about; the front names them in its path. */
function about({ call, idempotencyKey }: Operation): { product: string; reservation: string } | undefined {
  if (!call) return undefined;
  if ("app" in call) {
    const [, product, reservation] = /^POST \/reserve\/([^/]+)\/([^/]+)$/.exec(call.handler)!;
    return { product: product!, reservation: reservation! };
  }
  return call.handler === "reserve" ? { product: call.key!, reservation: idempotencyKey! } : undefined;
}

type Input = { product: string; reserve: string } | { product: string; status: true };

/** A sticky register: the first reservation that is written stays. */
const stickyRegister: Model<string, Input, boolean> = {
  name: "sticky register",
  init: () => "",
  partition: ({ product }) => product,
  step(winner, input, output) {
    if ("status" in input) return output === undefined || output === (winner !== "") ? [winner] : [];
    const next = winner || input.reserve;
    return output === undefined || output === (next === input.reserve) ? [next] : [];
  },
  describe: (input, output) => ("status" in input ? `status() -> ${output}` : `reserve(${input.reserve}) -> ${output}`),
};

const linearizableProduct = linearizable(stickyRegister, {
  select(operation, outcome) {
    if (operation.kind === "status") {
      if (outcome?.type !== "ok") return undefined;
      const { key } = operation.call as { key: string };
      return { input: { product: key, status: true }, output: outcome.value as boolean };
    }
    const subject = about(operation);
    if (!subject || outcome?.type === "fail") return undefined;
    return {
      input: { product: subject.product, reserve: subject.reservation },
      output: outcome?.type === "ok" ? (outcome.value as boolean) : undefined,
    };
  },
});

/** The answers of a history, by what they are about. */
function answers(
  history: History,
): { product: string; reservation: string; value: boolean; event: number; invocation?: string }[] {
  return history.events.flatMap((event, index) => {
    if (event.type !== "ok") return [];
    const subject = about(history.plan.operations.find(({ id }) => id === event.operation)!);
    const invocation = event.invocation === undefined ? {} : { invocation: event.invocation };
    return subject ? [{ ...subject, value: event.value as boolean, event: index, ...invocation }] : [];
  });
}

const atMostOneWinner: Checker = (history) => {
  for (const [product, given] of Map.groupBy(answers(history), ({ product }) => product)) {
    const winners = Map.groupBy(
      given.filter(({ value }) => value),
      ({ reservation }) => reservation,
    );
    if (winners.size > 1)
      return {
        verdict: "invalid",
        evidence: {
          summary: `${product} was reserved by ${[...winners.keys()].join(" and ")}: both were answered true.`,
          events: [...winners.values()].map(([first]) => first!.event),
        },
      };
  }
  return { verdict: "valid" };
};

property("a product is reserved once, and everyone is told the same", {
  pattern: "durable-rpc",
  plan: storm({
    kinds: {
      reserve: { weight: 4, request: direct, messages: { toEndpoint: 2, toServer: 4 } },
      order: { weight: 3, request: throughTheFront, messages: { toEndpoint: 2, toServer: 4 } },
      status: { weight: 2, request: status, messages: { toEndpoint: 2, toServer: 3 } },
    },
  }),
  invariants: {
    "at most one winner": atMostOneWinner,
    linearizable: linearizableProduct,
  },
  reaches: {},
});
