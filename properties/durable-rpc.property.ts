import fc from "fast-check";
import { z } from "zod";
import { at, checks, faults, groupBy, ids, operation, property, scenario, violation } from "../harness/index.ts";

const product = ids("@p1", "@p1", "@p2");
const reservation = ids("@r1", "@r2", "@r3", "@r4");

/** Directly, or at the front door: with one reservation id it is one request, whichever way it goes. */
const reserve = operation({
  weight: 7,
  args: fc.record({ product, reservation }),
  request: ({ product, reservation }) => ({ call: "product/reserve", key: product, idempotencyKey: reservation }),
  routes: { front: (params) => ({ front: "POST /reserve/:product/:reservation", params }) },
  identity: ({ product, reservation }) => `${reservation} for ${product}`,
  answer: z.boolean(),
});
const status = operation({
  weight: 3,
  args: fc.record({ product }),
  request: ({ product }) => ({ call: "product/status", key: product }),
  answer: z.boolean(),
});

const products = groupBy({ of: [reserve, status], by: ({ product }) => product });
const reservations = groupBy({ of: [reserve], by: ({ product, reservation }) => `${reservation} for ${product}` });

const atMostOneWinner = products.every(({ key, requests }) => {
  const winners = reserve.among(requests).filter(({ result }) => result === true);
  return winners.length > 1 && violation(`${key} went to ${winners.join(" and to ")}.`, { expected: "one" }, winners);
});

/** Judged by how the invocations ended, so that an answer which nobody heard counts as well. */
const exactlyOneCompletedTrue = products.every(({ key, requests }) => {
  const asked = reserve.among(requests);
  const winners = asked.filter(({ result }) => result === true).length;
  const isOpen = asked.some(({ result, outcome }) => outcome === "info" && result === undefined);
  if (winners === 1 || isOpen || asked.every(({ result }) => result === undefined)) return undefined;
  return violation(`Of the reservations of ${key}, ${winners} completed true.`, { expected: "exactly one" }, asked);
});

/** Whoever was told that he has it is right for ever, and nothing is taken that nobody asked for. */
const statusTellsTheTruth = status.every((read, { operations }) => {
  const asked = reserve.among(operations).filter(({ args }) => args.product === read.args.product);
  const winner = asked.find((one) => one.result === true && one.precedes(read));
  if (read.result === false && winner)
    return violation(`${winner} took ${read.args.product}, and then ${read} found it free.`, {}, winner, read);
  if (read.result !== true || asked.some(({ invoked }) => invoked < read.completed)) return undefined;
  return violation(`${read} found ${read.args.product} taken, and nobody had asked for it.`, {}, read);
});

/** A sticky register: the first reservation that is written stays; a status asks whether there is one. */
const linearizable = checks.linearizable<string, { product: string; reserve?: string }, boolean>(
  {
    name: "sticky register",
    init: () => "",
    partition: ({ product }) => product,
    reads: ({ reserve }) => reserve === undefined,
    step(winner, { reserve }, output) {
      const next = winner || (reserve ?? "");
      return output === undefined || output === (next !== "" && next === (reserve ?? next)) ? [next] : [];
    },
    describe: ({ product, reserve }, output) =>
      `${product}.${reserve === undefined ? "status()" : `reserve(${reserve})`} -> ${output ?? "?"}`,
    describeState: (winner) => (winner ? `reserved by ${winner}` : "free"),
  },
  [
    reserve.as(({ args }) => ({ product: args.product, reserve: args.reservation })),
    status.as(({ args }) => ({ product: args.product })),
  ],
);

const first = { product: "@p1", reservation: "@r1" };
const free = { product: "@p1" };

property("a product is reserved once, and everyone is told the same", {
  pattern: "durable-rpc",
  operations: { reserve, status },
  invariants: {
    "at most one winner": atMostOneWinner,
    "exactly one completed true": exactlyOneCompletedTrue,
    "one answer per reservation": checks.agreement(reservations, ({ result }) => result),
    "status tells the truth": statusTellsTheTruth,
    linearizable,
  },
  audit: (operations) => products.keysOf(operations).map((product) => status({ product })),
  scenarios: {
    "two race for one product": scenario({
      o1: reserve(first),
      o2: reserve({ ...first, reservation: "@r2" }).via("front"),
    }).reachedWhen(products.someTwo((a, b) => a.identity !== b.identity && a.overlaps(b))),
    "asked for twice at the same time": scenario({
      o1: reserve(first),
      o2: reserve(first).after(at.invoked("o1")),
    }).reachedWhen(reservations.someTwo((a, b) => a.overlaps(b))),
    "asked for again after its answer, another way": scenario({
      o1: reserve(first),
      o2: reserve(first).via("front").after("o1"),
    }).reachedWhen(reservations.someTwo((a, b) => a.route !== b.route && a.precedes(b))),
    "asked for again after a lost answer": scenario(
      { o1: reserve(first), o2: reserve(first).after("o1") },
      faults.walkAway.before(at.message("o1", 1)),
    ),
    "cut after it has written, and repeated": scenario(
      { o1: reserve(first), o2: status(free).after("o1") },
      faults.cutStream.after(at.message("o1", 2)),
    ),
    "a client loses its connection and asks again": scenario(
      { o1: reserve(first) },
      faults.reconnect.before(at.message("o1", 1)),
    ),
    "status after an acked true, a killed endpoint and a killed server": scenario(
      { o1: reserve(first), o2: status(free).after("o1").retrying(3), o3: status(free).after("o2").retrying(3) },
      faults.killEndpoint.before(at.message("o2", 1)),
      faults.killServer.before(at.message("o3", 1)),
    ),
  },
});
