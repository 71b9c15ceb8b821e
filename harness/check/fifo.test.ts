import { expect, test } from "vitest";
import { fifo } from "./fifo.ts";
import { type Random, seeded, simulate } from "./simulate.ts";
import { permutations, Script } from "./testing.ts";

const inOrder = fifo({
  offered: ({ operation }) =>
    operation.kind === "offer" ? { lane: operation.input as string, item: operation.id } : undefined,
  taken: (event) => (event.type === "effect" ? { lane: event.reference!, item: event.key } : undefined),
});

interface Offer {
  id: string;
  lane: string;
  call: number;
  end: number | undefined;
}

/** Offers that overlap, some unanswered, and the order in which a queue took them in. */
function offered(random: Random): { offers: Offer[]; order: Offer[] } {
  const order: number[] = [];
  let next = 0;
  const operations = simulate(
    {
      init: () => 0,
      input: () => next++,
      respond(state, input: number) {
        order.push(input);
        return { state, output: 0 };
      },
      clients: 3,
      operations: 5,
      lost: 150,
    },
    random,
  );
  const offers = operations.map(({ input, call, return: end }) => ({
    id: `o${input}`,
    lane: "ab"[random(2)]!,
    call,
    end,
  }));
  return { offers, order: order.map((k) => offers[k]!) };
}

function write(offers: readonly Offer[], order: readonly Offer[]) {
  const moments = offers.flatMap(({ id, lane, call, end }) => [
    { at: call, add: (script: Script) => script.invoke(id, { kind: "offer", input: lane }) },
    { at: end ?? 1e6, add: (script: Script) => (end === undefined ? script.info(id) : script.ok(id)) },
  ]);
  const script = new Script();
  for (const { add } of moments.sort((a, b) => a.at - b.at)) add(script);
  for (const { id, lane } of order) script.effect("take", id, { reference: lane });
  return script.history();
}

/** Whether the offers can have come in in an order of which what came out is a part, lane by lane. */
function isExplained(offers: readonly Offer[], taken: readonly Offer[]): boolean {
  return permutations(offers).some(
    (order) =>
      order.every((later, k) =>
        order.slice(0, k).every((earlier) => !(later.end !== undefined && later.end < earlier.call)),
      ) &&
      ["a", "b"].every((lane) => {
        const out = taken.filter((offer) => offer.lane === lane);
        const put = order.filter((offer) => offer.lane === lane && out.includes(offer));
        return out.every((offer, k) => offer === put[k]);
      }),
  );
}

test("a queue's history is valid; changed, it is invalid exactly when no order of the offers explains it", async () => {
  const random = seeded(31);
  const counted = { valid: 0, invalid: 0 };
  for (let k = 0; k < 600; k++) {
    const { offers, order } = offered(random);
    expect(await inOrder(write(offers, order))).toEqual({ verdict: "valid" });
    const [a, b] = [random(order.length), random(order.length)];
    const changed = order.with(a, order[b]!).with(b, order[a]!);
    if (random(3) === 0) changed.splice(random(changed.length), 1);
    const expected = isExplained(offers, changed) ? "valid" : "invalid";
    expect((await inOrder(write(offers, changed))).verdict).toBe(expected);
    counted[expected]++;
  }
  expect(Math.min(counted.valid, counted.invalid)).toBeGreaterThan(100);
});

test("the evidence names both items, and the offers that put them in order", async () => {
  const history = new Script()
    .invoke("o1", { kind: "offer", input: "a" })
    .ok("o1")
    .invoke("o2", { kind: "offer", input: "a" })
    .ok("o2")
    .effect("take", "o2", { reference: "a" })
    .effect("take", "o1", { reference: "a" })
    .history();
  expect(await inOrder(history)).toMatchObject({
    evidence: { expected: "o1, then o2", seen: "o2, then o1", events: [0, 1, 2, 4, 5] },
  });
});
