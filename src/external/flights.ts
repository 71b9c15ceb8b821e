import { z } from "zod";
import { change, type Tag } from "./http.ts";

/** The id is the airline's. A reservation lapses unless it is confirmed in time. */
const Reservation = z.object({ id: z.string() });

export const flights = {
  reserve: (seat: { flightId: string; passengerName: string }, tag: Tag) =>
    change("flights", "reserve", seat, tag, Reservation),
  confirm: (id: string, tag: Tag) => change("flights", "confirm", { id }, tag, Reservation),
  /** Gives the seat back, confirmed or not. */
  cancel: (id: string, tag: Tag) => change("flights", "cancel", { id }, tag, Reservation),
};
