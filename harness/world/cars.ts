import { z } from "zod";
import { apiKey } from "./authentication.ts";
import { json } from "./body.ts";
import { after } from "./call.ts";
import { externalSystem } from "./external-system.ts";
import { inBody } from "./idempotency.ts";
import { answerOf, lapsedBy, lapseOfPrefix, type Obstacle, type Reservation, Reservations } from "./reservations.ts";

/** Places at which no car is to be had, and at which a reserved car turns out to be gone. */
export const NO_CARS_LOCATION = "no-cars";
export const OVERBOOKED_LOCATION = "overbooked";

const Text = z.string().min(1);
const Rental = z.strictObject({
  request_id: Text.optional(),
  pickup_location: Text,
  rental_date: Text,
  customer_reference: z.string().optional(),
});
const Change = z.strictObject({
  request_id: Text.optional(),
  status: z.enum(["confirmed", "cancelled"]),
  customer_reference: z.string().optional(),
});

const bodyOf = ({ id, state }: Reservation) => ({ rental_id: id, status: state });

/**
 * A car rental, whose requests carry their key in the body and whose rentals are changed by stating their new status:
 *
 *     POST  /rentals     {request_id?, pickup_location, rental_date, customer_reference?}        -> {rental_id, status}
 *     PATCH /rentals/:id {request_id?, status: "confirmed" | "cancelled", customer_reference?}
 */
export const cars = externalSystem("cars", () => new Reservations())
  .authenticatedBy(apiKey("x-api-key"))
  .lapsing(lapseOfPrefix)
  .route("POST /rentals", { action: "reserve", body: json(Rental), key: inBody("request_id") }, (call) => {
    const { key, state, now, body } = call;
    const { pickup_location: pickupLocation, rental_date: rentalDate, customer_reference: reference } = body;
    const id = `car:${key}`;
    const outcome = state.reserve(id, reference, obstacleAt(pickupLocation), now);
    return answerOf(call, outcome, { key: id, reference, data: { pickupLocation, rentalDate } }, bodyOf);
  })
  .route("PATCH /rentals/:id", { action: "change", body: json(Change), key: inBody("request_id") }, (call) => {
    const { params, state, now, body, lapsed } = call;
    const { status, customer_reference: reference } = body;
    const entries = lapsedBy(state, params.id, now, lapsed);
    const action = status === "confirmed" ? "confirm" : "cancel";
    const outcome = action === "confirm" ? state.confirm(params.id) : state.cancel(params.id, reference);
    return after({ entries }, answerOf(call, outcome, { action, key: params.id, reference }, bodyOf));
  });

function obstacleAt(location: string): Obstacle | undefined {
  if (location === NO_CARS_LOCATION) return { to: "reserve", why: "there is no car" };
  if (location === OVERBOOKED_LOCATION) return { to: "confirm", why: "the car was given away" };
  return undefined;
}
