import fc from "fast-check";
import { expect, test } from "vitest";
import type { Json } from "../plan/index.ts";
import { DECLINED_CARD, OVERBOOKED_FLIGHT, SOLD_OUT_FLIGHT, systems } from "./index.ts";
import { type SendOptions, startWorld, types } from "./testing.ts";

const HOUR = 3_600_000;
const seat = { flightId: "LH1", passengerName: "Ada", bookingReference: "t1" };
const card = { cardNumber: "4242424242424242", amount: 500, reference: "t1" };

/** A fresh world, asked as the APIs of the airline, the car rental and the payment provider want it. */
function agency() {
  const { world, ledger, send } = startWorld();
  const flight = {
    reserve: (key: string, json: Json = seat) => send(`PUT /flights/reservations/${key}`, { json }),
    confirm: (id: string, key: string, now = 0) =>
      send(`POST /flights/reservations/${id}/confirmation`, { json: {}, key, now }),
    cancel: (id: string, key: string, now = 0) =>
      send(`DELETE /flights/reservations/${id}?bookingReference=t1`, { key, now }),
  };
  const car = {
    reserve: (request_id: string) =>
      send("POST /cars/rentals", { json: { request_id, pickup_location: "FRA", rental_date: "1 May" } }),
    change: (id: string, status: string, request_id: string) =>
      send(`PATCH /cars/rentals/${id}`, { json: { request_id, status } }),
  };
  const payment = {
    charge: (json: Json, wish: SendOptions = {}) => send("POST /payment-provider/payments", { json, ...wish }),
    refund: (id: string, key: string) =>
      send(`POST /payment-provider/payments/${id}/refund`, { json: { reference: "t1" }, key }),
  };
  return { world, ledger, send, flight, car, payment };
}

test("a reservation is made, confirmed and given back, each with its entry", () => {
  const { flight, ledger } = agency();
  const id = "flight:k1";
  expect(flight.reserve("k1").body).toEqual({ id, state: "reserved" });
  expect(flight.confirm(id, "k2").body).toEqual({ id, state: "confirmed" });
  expect(flight.cancel(id, "k3").body).toEqual({ id, state: "cancelled" });
  const entry = { type: "effect", system: "flights", key: id, reference: "t1" };
  const { bookingReference: _, ...content } = seat;
  expect(ledger).toEqual([
    { ...entry, action: "reserve", data: { state: "reserved", ...content } },
    { ...entry, action: "confirm", data: { state: "confirmed" } },
    { ...entry, action: "cancel", data: { state: "cancelled" } },
  ]);
});

test("a rental is made, confirmed and given back, each with its entry", () => {
  const { car, ledger } = agency();
  expect(car.reserve("k1").body).toEqual({ rental_id: "car:k1", status: "reserved" });
  car.change("car:k1", "confirmed", "k2");
  car.change("car:k1", "cancelled", "k3");
  expect(ledger.map(({ type, action, key, data }) => ({ type, action, key, data }))).toEqual([
    {
      type: "effect",
      action: "reserve",
      key: "car:k1",
      data: { state: "reserved", pickupLocation: "FRA", rentalDate: "1 May" },
    },
    { type: "effect", action: "confirm", key: "car:k1", data: { state: "confirmed" } },
    { type: "effect", action: "cancel", key: "car:k1", data: { state: "cancelled" } },
  ]);
});

test("the same key is answered alike, also after the thing has changed, and changes nothing", () => {
  const { flight } = agency();
  const first = flight.reserve("k1");
  flight.cancel("flight:k1", "k2");
  const again = flight.reserve("k1");
  expect([again.status, again.body]).toEqual([first.status, first.body]);
  expect(again.entries).toEqual([{ ...first.entries[0], type: "repeat" }]);
});

test("a refusal is remembered as well", () => {
  const { payment } = agency();
  const declined = () => payment.charge({ ...card, cardNumber: DECLINED_CARD }, { key: "p1" });
  const [first, again] = [declined(), declined()];
  expect([first.status, again.status]).toEqual([402, 402]);
  expect(types(again.entries)).toEqual(["repeat"]);
});

test("without a key every charge is a new one", () => {
  const { payment, ledger } = agency();
  payment.charge(card);
  payment.charge(card);
  expect(types(ledger)).toEqual(["effect", "effect"]);
  expect(new Set(ledger.map(({ key }) => key)).size).toBe(2);
});

test("what was undone before it arrived is refused, also when the refusal is asked for again", () => {
  const { flight, car, payment } = agency();
  const cases = [
    { undo: () => flight.cancel("flight:k1", "k2"), make: () => flight.reserve("k1") },
    { undo: () => car.change("car:k1", "cancelled", "k2"), make: () => car.reserve("k1") },
    { undo: () => payment.refund("k1", "k2"), make: () => payment.charge(card, { key: "k1" }) },
  ];
  for (const { undo, make } of cases) {
    const undone = undo();
    expect(undone.entries[0]).toMatchObject({ type: "effect", data: { state: "barred" } });
    const late = make();
    expect([late.status, types(late.entries)]).toEqual([409, ["refusal"]]);
    expect([undo().body, make().status]).toEqual([undone.body, 409]);
  }
});

test("a confirmation after a cancellation is refused", () => {
  const { flight } = agency();
  flight.reserve("k1");
  flight.cancel("flight:k1", "k2");
  expect(flight.confirm("flight:k1", "k3").status).toBe(409);
});

test("a refund gives back what was captured, once", () => {
  const { payment } = agency();
  payment.charge(card, { key: "p1" });
  const [first, second] = ["r1", "r2"].map((key) => payment.refund("p1", key));
  expect(first?.entries[0]).toMatchObject({ type: "effect", data: { state: "refunded", amount: 500 } });
  expect(second?.entries[0]).toMatchObject({ type: "repeat", data: { state: "refunded" } });
});

test("a declined payment has nothing to give back, and stays refused", () => {
  const { payment } = agency();
  payment.charge({ ...card, cardNumber: DECLINED_CARD }, { key: "p1" });
  expect(payment.refund("p1", "r1").entries[0]).toMatchObject({ type: "effect", data: { state: "barred", amount: 0 } });
});

test("some flights cannot be reserved, and some reservations not be confirmed", () => {
  const { flight } = agency();
  expect(flight.reserve("k1", { ...seat, flightId: SOLD_OUT_FLIGHT }).status).toBe(409);
  expect(flight.reserve("k2", { ...seat, flightId: OVERBOOKED_FLIGHT }).status).toBe(200);
  expect(flight.confirm("flight:k2", "k3").status).toBe(409);
  expect(flight.cancel("flight:k2", "k4").body).toMatchObject({ state: "cancelled" });
});

test("after the hold time a reservation has lapsed", () => {
  const { flight } = agency();
  flight.reserve("k1");
  const late = flight.confirm("flight:k1", "k2", HOUR);
  expect(late.status).toBe(409);
  expect(types(late.entries)).toEqual(["lapse", "refusal"]);
  expect(types(flight.confirm("flight:k1", "k2", HOUR).entries)).toEqual(["repeat"]);
  expect(flight.cancel("flight:k1", "k3", HOUR).body).toMatchObject({ state: "lapsed" });
});

test("time passes for the unconfirmed reservations of the prefix only", () => {
  const { world, flight } = agency();
  for (const [key, bookingReference] of Object.entries({ k1: "a/1", k2: "a/2", k3: "b/1" }))
    flight.reserve(key, { ...seat, bookingReference });
  flight.confirm("flight:k2", "c");
  const entry = { type: "lapse", system: "flights", action: "lapse", data: { state: "lapsed" } };
  expect(world.lapse("a/")).toEqual([{ ...entry, key: "flight:k1", reference: "a/1" }]);
  expect(world.lapse("a/")).toEqual([]);
});

test.each(systems.map(({ name }) => name))("%s has a client of its name that is let in, and nobody else", (name) => {
  const { send } = startWorld();
  const open = ["batch-receiver", "machines", "workshop"];
  const stranger = send(`GET /${name}/nothing`, {
    headers: { authorization: "", "x-api-key": "", "x-routing-key": "" },
  });
  expect(stranger.status).toBe(open.includes(name) ? 404 : 401);
  expect(send(`GET /${name}/nothing`).status).toBe(404);
});

/** Calls on few things with few keys, so that they meet: reserve, confirm and cancel two seats, charge and refund. */
type Agency = ReturnType<typeof agency>;
const call = fc.oneof(
  fc
    .constantFrom("a", "b")
    .map((key) => ({ request: `reserve ${key}`, of: ({ flight }: Agency) => flight.reserve(key) })),
  fc
    .record({
      id: fc.constantFrom("flight:a", "flight:b"),
      key: fc.constantFrom("c", "d", "e", "f"),
      action: fc.constantFrom<"confirm" | "cancel">("confirm", "cancel"),
    })
    .map(({ id, key, action }) => ({
      request: `${action} ${id} ${key}`,
      of: ({ flight }: Agency) => flight[action](id, key),
    })),
  fc
    .constantFrom("a", "b")
    .map((key) => ({ request: `charge ${key}`, of: ({ payment }: Agency) => payment.charge(card, { key }) })),
  fc
    .record({ id: fc.constantFrom("a", "b"), key: fc.constantFrom("c", "d") })
    .map(({ id, key }) => ({ request: `refund ${id} ${key}`, of: ({ payment }: Agency) => payment.refund(id, key) })),
);

test("whatever is asked, the same key is always answered alike, and its effect is there at most once", () => {
  fc.assert(
    fc.property(fc.array(call, { minLength: 8, maxLength: 30 }), (calls) => {
      const world = agency();
      const first = new Map<string, [number, unknown]>();
      for (const { request, of } of calls) {
        const { status, body, entries } = of(world);
        const known = first.get(request);
        if (known === undefined) {
          first.set(request, [status, body]);
          continue;
        }
        expect([status, body]).toEqual(known);
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
      const world = agency();
      for (const { of } of calls) of(world);
      const state = new Map<string, string>();
      for (const { type, system, key, data } of [...world.ledger, ...world.world.lapse("")]) {
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
