import { z } from "zod";
import { reservations } from "./reservations.ts";
import type { ExternalSystem } from "./system.ts";

/** Flights on which no seat is to be had, and on which a reserved seat turns out to be gone. */
export const SOLD_OUT_FLIGHT = "sold-out";
export const OVERBOOKED_FLIGHT = "overbooked";

const Seat = z.strictObject({ flightId: z.string().min(1), passengerName: z.string().min(1) });

/** An airline: `/flights/reserve {flightId, passengerName}`, `/flights/confirm {id}`, `/flights/cancel {id}`. */
export function flights(): ExternalSystem {
  return reservations({
    name: "flights",
    noun: "flight",
    request: Seat,
    obstacle({ flightId }) {
      if (flightId === SOLD_OUT_FLIGHT) return { to: "reserve", why: "the flight is sold out" };
      if (flightId === OVERBOOKED_FLIGHT) return { to: "confirm", why: "the flight is overbooked" };
      return undefined;
    },
  });
}
