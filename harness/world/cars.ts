import { z } from "zod";
import { reservations } from "./reservations.ts";
import type { ExternalSystem } from "./system.ts";

/** Places at which no car is to be had, and at which a reserved car turns out to be gone. */
export const NO_CARS_LOCATION = "no-cars";
export const OVERBOOKED_LOCATION = "overbooked";

const Rental = z.strictObject({ pickupLocation: z.string().min(1), rentalDate: z.string().min(1) });

/** A car rental: `/cars/reserve {pickupLocation, rentalDate}`, `/cars/confirm {id}`, `/cars/cancel {id}`. */
export function cars(): ExternalSystem {
  return reservations({
    name: "cars",
    noun: "car",
    request: Rental,
    obstacle({ pickupLocation }) {
      if (pickupLocation === NO_CARS_LOCATION) return { to: "reserve", why: "there is no car" };
      if (pickupLocation === OVERBOOKED_LOCATION) return { to: "confirm", why: "the car was given away" };
      return undefined;
    },
  });
}
