import { z } from "zod";
import { change, type Tag } from "./http.ts";

/** The id is the car rental's. A reservation lapses unless it is confirmed in time. */
const Reservation = z.object({ id: z.string() });

export const cars = {
  reserve: (rental: { pickupLocation: string; rentalDate: string }, tag: Tag) =>
    change("cars", "reserve", rental, tag, Reservation),
  confirm: (id: string, tag: Tag) => change("cars", "confirm", { id }, tag, Reservation),
  /** Gives the car back, confirmed or not. */
  cancel: (id: string, tag: Tag) => change("cars", "cancel", { id }, tag, Reservation),
};
