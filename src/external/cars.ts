import { z } from "zod";
import { externalSecret } from "../shared/configuration.ts";
import { encodeId } from "./encode-id.ts";
import { type ExternalRequest, request, type Tag } from "./http.ts";

/** The id is the car rental's. A reservation lapses unless it is confirmed in time. */
const Rental = z.object({ rental_id: z.string() }).transform(({ rental_id }) => ({ id: rental_id }));

const call = (target: Pick<ExternalRequest, "action" | "method" | "path">, content: object, { key, reference }: Tag) =>
  request(
    {
      system: "cars",
      ...target,
      headers: { "x-api-key": externalSecret("cars") },
      json: { request_id: key, ...content, customer_reference: reference },
    },
    Rental,
  );
const change = (action: string, id: string, status: "confirmed" | "cancelled", tag: Tag) =>
  call({ action, method: "PATCH", path: `/rentals/${encodeId(id)}` }, { status }, tag);

export const cars = {
  reserve: ({ pickupLocation, rentalDate }: { pickupLocation: string; rentalDate: string }, tag: Tag) =>
    call(
      { action: "reserve", method: "POST", path: "/rentals" },
      { pickup_location: pickupLocation, rental_date: rentalDate },
      tag,
    ),
  confirm: (id: string, tag: Tag) => change("confirm", id, "confirmed", tag),
  /** Gives the car back, confirmed or not. */
  cancel: (id: string, tag: Tag) => change("cancel", id, "cancelled", tag),
};
