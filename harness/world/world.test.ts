import fc from "fast-check";
import { expect, test } from "vitest";
import { DECLINED_CARD, OVERBOOKED_FLIGHT, SOLD_OUT_FLIGHT, systems, World } from "./index.ts";
import type { LedgerEntry } from "./system.ts";

const HOUR = 3_600_000;
const seat = { flightId: "LH1", passengerName: "Ada" };
const card = { cardNumber: "4242424242424242", amount: 500 };

/** A client of a fresh world; `ask` answers with the status, the parsed body and the ledger's entries. */
function play() {
  const world = new World();
  const ledger: LedgerEntry[] = [];
  const send = (path: string, body: string, key?: string, { method = "POST", now = 0 } = {}) => {
    const headers = key === undefined ? {} : { "idempotency-key": key };
    const { answer, entries } = world.handle({ method, path, headers, body }, now);
    ledger.push(...entries);
    return { status: answer.status, body: JSON.parse(answer.body), entries };
  };
  const ask = (path: string, content: object, key?: string, now = 0) =>
    send(path, JSON.stringify({ reference: "t1", ...content }), key, { now });
  return { world, ledger, send, ask };
}
const types = (entries: LedgerEntry[]) => entries.map(({ type }) => type);

test("a reservation is made, confirmed and given back, each with its entry", () => {
  const { ask, ledger } = play();
  const { id } = ask("/flights/reserve", seat, "k1").body;
  expect(id).toBe("flight:k1");
  expect(ask("/flights/confirm", { id }, "k2").body).toEqual({ id, state: "confirmed" });
  expect(ask("/flights/cancel", { id }, "k3").body).toEqual({ id, state: "cancelled" });
  expect(ledger).toEqual([
    {
      type: "effect",
      system: "flights",
      action: "reserve",
      key: id,
      reference: "t1",
      data: { state: "reserved", ...seat },
    },
    { type: "effect", system: "flights", action: "confirm", key: id, reference: "t1", data: { state: "confirmed" } },
    { type: "effect", system: "flights", action: "cancel", key: id, reference: "t1", data: { state: "cancelled" } },
  ]);
});

test("the same key is answered alike, also after the thing has changed, and changes nothing", () => {
  const { ask } = play();
  const first = ask("/flights/reserve", seat, "k1");
  ask("/flights/cancel", { id: first.body.id }, "k2");
  const again = ask("/flights/reserve", seat, "k1");
  expect(again.status).toBe(200);
  expect(again.body).toEqual(first.body);
  expect(again.entries).toEqual([{ ...first.entries[0], type: "repeat" }]);
});

test("a refusal is remembered as well", () => {
  const { ask } = play();
  const declined = { ...card, cardNumber: DECLINED_CARD };
  expect(ask("/payment-provider/charge", declined, "p1").status).toBe(402);
  const again = ask("/payment-provider/charge", declined, "p1");
  expect(again.status).toBe(402);
  expect(types(again.entries)).toEqual(["repeat"]);
});

test("a key that comes back with another request is refused", () => {
  const { ask } = play();
  ask("/payment-provider/charge", card, "p1");
  const other = ask("/payment-provider/charge", { ...card, amount: 1 }, "p1");
  expect(other.status).toBe(422);
  expect(types(other.entries)).toEqual(["refusal"]);
});

test("without a key every call is a new one", () => {
  const { ask, ledger } = play();
  expect(ask("/payment-provider/charge", card).body.id).not.toBe(ask("/payment-provider/charge", card).body.id);
  expect(types(ledger)).toEqual(["effect", "effect"]);
});

test.each([
  ["flights", "reserve", "cancel", seat, "flight:k1"],
  ["cars", "reserve", "cancel", { pickupLocation: "FRA", rentalDate: "1 May" }, "car:k1"],
  ["payment-provider", "charge", "refund", card, "k1"],
])("%s: what was undone before it arrived is refused", (system, make, undo, content, id) => {
  const { ask } = play();
  const undone = ask(`/${system}/${undo}`, { id }, "k2");
  expect(undone.body).toEqual({ id, state: "barred" });
  expect(types(undone.entries)).toEqual(["effect"]);
  const late = ask(`/${system}/${make}`, content, "k1");
  expect(late.status).toBe(409);
  expect(types(late.entries)).toEqual(["refusal"]);
  expect(ask(`/${system}/${undo}`, { id }, "k2").body).toEqual({ id, state: "barred" });
});

test("a refund gives back what was captured, once", () => {
  const { ask } = play();
  ask("/payment-provider/charge", card, "p1");
  const [first, second] = ["r1", "r2"].map((key) => ask("/payment-provider/refund", { id: "p1" }, key));
  expect(first?.entries[0]).toMatchObject({ type: "effect", data: { state: "refunded", amount: 500 } });
  expect(second?.entries[0]).toMatchObject({ type: "repeat", data: { state: "refunded" } });
});

test("a declined payment has nothing to give back, and stays refused", () => {
  const { ask } = play();
  ask("/payment-provider/charge", { ...card, cardNumber: DECLINED_CARD }, "p1");
  const refund = ask("/payment-provider/refund", { id: "p1" }, "r1");
  expect(refund.entries[0]).toMatchObject({ type: "effect", data: { state: "barred", amount: 0 } });
});

test("some flights cannot be reserved, and some reservations not be confirmed", () => {
  const { ask } = play();
  expect(ask("/flights/reserve", { ...seat, flightId: SOLD_OUT_FLIGHT }, "k1").status).toBe(409);
  const { status, body } = ask("/flights/reserve", { ...seat, flightId: OVERBOOKED_FLIGHT }, "k2");
  expect(status).toBe(200);
  expect(ask("/flights/confirm", { id: body.id }, "k3").status).toBe(409);
  expect(ask("/flights/cancel", { id: body.id }, "k4").body.state).toBe("cancelled");
});

test("after the hold time a reservation has lapsed", () => {
  const { ask } = play();
  const { id } = ask("/flights/reserve", seat, "k1").body;
  const late = ask("/flights/confirm", { id }, "k2", HOUR);
  expect(late.status).toBe(409);
  expect(types(late.entries)).toEqual(["lapse", "refusal"]);
  const again = ask("/flights/confirm", { id }, "k2", HOUR);
  expect(types(again.entries)).toEqual(["repeat"]);
  expect(ask("/flights/cancel", { id }, "k3", HOUR).body.state).toBe("lapsed");
});

test("time passes for the unconfirmed reservations of the prefix only", () => {
  const { world, ask } = play();
  for (const reference of ["a/1", "a/2", "b/1"]) ask("/flights/reserve", { ...seat, reference }, reference);
  ask("/flights/confirm", { id: "flight:a/2" }, "c");
  expect(world.lapse("a/")).toEqual([
    {
      type: "lapse",
      system: "flights",
      action: "lapse",
      key: "flight:a/1",
      reference: "a/1",
      data: { state: "lapsed" },
    },
  ]);
  expect(world.lapse("a/")).toEqual([]);
});

test.each([
  ["/hotels/reserve", "{}", 404],
  ["/flights/upgrade", "{}", 404],
  ["/flights/reserve", "{", 400],
  ["/flights/reserve", "[]", 400],
  ["/flights/reserve", '{"flightId": "LH1"}', 400],
  ["/flights/reserve", '{"flightId": "LH1", "passengerName": "Ada", "seats": 2}', 400],
  ["/flights/confirm", '{"id": 1}', 400],
  ["/flights/confirm", '{"id": "flight:none"}', 404],
  ["/payment-provider/charge", '{"cardNumber": "4242", "amount": 0.5}', 400],
])("%s with %s is refused with %i and changes nothing", (path, body, status) => {
  const { send, ledger } = play();
  expect(send(path, body, "k1").status).toBe(status);
  expect(ledger.every(({ type }) => type === "refusal")).toBe(true);
});

test("a mistake in a field is answered with its name", () => {
  const { send } = play();
  expect(send("/flights/reserve", '{"flightId": "LH1"}', "k1").body.message).toContain("passengerName");
});

test("only POST changes anything", () => {
  const { send, ledger } = play();
  expect(send("/flights/reserve", JSON.stringify(seat), "k1", { method: "GET" }).status).toBe(405);
  expect(ledger).toEqual([]);
});

test("every system has a name of its own", () => {
  const names = systems.map((make) => make().name);
  expect(new Set(names).size).toBe(names.length);
});

/** Calls on few things with few keys, so that they meet: reserve, confirm and cancel two seats, charge and refund. */
const call = fc.oneof(
  fc.record({ path: fc.constant("/flights/reserve"), key: fc.constantFrom("a", "b"), content: fc.constant(seat) }),
  fc.record({
    path: fc.constantFrom("/flights/confirm", "/flights/cancel"),
    key: fc.constantFrom("c", "d", "e", "f"),
    content: fc.record({ id: fc.constantFrom("flight:a", "flight:b") }),
  }),
  fc.record({
    path: fc.constant("/payment-provider/charge"),
    key: fc.constantFrom("a", "b"),
    content: fc.constant(card),
  }),
  fc.record({
    path: fc.constant("/payment-provider/refund"),
    key: fc.constantFrom("c", "d"),
    content: fc.record({ id: fc.constantFrom("a", "b") }),
  }),
);

test("whatever is asked, the same key is always answered alike, and its effect is there at most once", () => {
  fc.assert(
    fc.property(fc.array(call, { minLength: 8, maxLength: 30 }), (calls) => {
      const { ask } = play();
      const first = new Map<string, { status: number; body: unknown }>();
      for (const { path, key, content } of calls) {
        const { status, body, entries } = ask(path, content, key);
        const request = JSON.stringify([path, key, content]);
        const known = first.get(request);
        if (known === undefined) {
          first.set(request, { status, body });
          continue;
        }
        expect({ status, body }).toEqual(known);
        expect(types(entries)).not.toContain("effect");
      }
    }),
  );
});

const LEGAL: Record<string, string[]> = {
  "": ["reserved", "captured", "barred"],
  reserved: ["confirmed", "cancelled", "lapsed"],
  confirmed: ["cancelled"],
  captured: ["refunded"],
  declined: ["barred"],
};

test("whatever is asked, every thing goes through legal states, and time ends what was not confirmed", () => {
  fc.assert(
    fc.property(fc.array(call, { minLength: 8, maxLength: 30 }), (calls) => {
      const { world, ask, ledger } = play();
      for (const { path, key, content } of calls) ask(path, content, key);
      ledger.push(...world.lapse(""));
      const state = new Map<string, string>();
      for (const { type, system, key, data } of ledger) {
        if (type !== "effect" && type !== "lapse") continue;
        const thing = `${system} ${key}`;
        const next = (data as { state: string }).state;
        expect(LEGAL[state.get(thing) ?? ""]).toContain(next);
        state.set(thing, next);
      }
      expect([...state.values()]).not.toContain("reserved");
    }),
  );
});
