import { z } from "zod";
import { bearer } from "./authentication.ts";
import { json } from "./body.ts";
import { after } from "./call.ts";
import { externalSystem } from "./external-system.ts";
import { inHeader, inPath } from "./idempotency.ts";
import { answerOf, lapsedBy, lapseOfPrefix, type Obstacle, type Reservation, Reservations } from "./reservations.ts";

/** Flights on which no seat is to be had, and on which a reserved seat turns out to be gone. */
export const SOLD_OUT_FLIGHT = "sold-out";
export const OVERBOOKED_FLIGHT = "overbooked";

const Text = z.string().min(1);
const Seat = z.strictObject({ flightId: Text, passengerName: Text, bookingReference: z.string().optional() });
const Confirmation = z.strictObject({ bookingReference: z.string().optional() });

const bodyOf = ({ id, state }: Reservation) => ({ id, state });

/**
 * An airline. The caller names a reservation when it asks for it, and gets the airline's own id:
 *
 *     PUT    /reservations/:key {flightId, passengerName, bookingReference?}  -> {id, state}
 *     POST   /reservations/:id/confirmation {bookingReference?}               with an `idempotency-key`
 *     DELETE /reservations/:id?bookingReference=                              with an `idempotency-key`
 */
export const flights = externalSystem("flights", () => new Reservations())
  .authenticatedBy(bearer)
  .lapsing(lapseOfPrefix)
  .route("PUT /reservations/:key", { action: "reserve", body: json(Seat), key: inPath("key") }, (call) => {
    const { key, state, now, body } = call;
    const { bookingReference: reference, ...seat } = body;
    const id = `flight:${key}`;
    const outcome = state.reserve(id, reference, obstacleOf(seat.flightId), now);
    return answerOf(call, outcome, { key: id, reference, data: seat }, bodyOf);
  })
  .route(
    "POST /reservations/:id/confirmation",
    { action: "confirm", body: json(Confirmation), key: inHeader("idempotency-key") },
    (call) => {
      const { params, state, now, body, lapsed } = call;
      const entries = lapsedBy(state, params.id, now, lapsed);
      const fact = { key: params.id, reference: body.bookingReference };
      return after({ entries }, answerOf(call, state.confirm(params.id), fact, bodyOf));
    },
  )
  .route("DELETE /reservations/:id", { action: "cancel", key: inHeader("idempotency-key") }, (call) => {
    const { params, state, now, query, lapsed } = call;
    const entries = lapsedBy(state, params.id, now, lapsed);
    const fact = { key: params.id, reference: query.bookingReference };
    return after({ entries }, answerOf(call, state.cancel(params.id, query.bookingReference), fact, bodyOf));
  });

function obstacleOf(flightId: string): Obstacle | undefined {
  if (flightId === SOLD_OUT_FLIGHT) return { to: "reserve", why: "the flight is sold out" };
  if (flightId === OVERBOOKED_FLIGHT) return { to: "confirm", why: "the flight is overbooked" };
  return undefined;
}
