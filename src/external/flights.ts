import { z } from "zod";
import { encodeId } from "./encode-id.ts";
import { bearer, type ExternalRequest, keyHeader, request, type Tag } from "./http.ts";

/** The id is the airline's. A reservation lapses unless it is confirmed in time. */
const Reservation = z.object({ id: z.string() });

const call = ({ headers, ...rest }: Omit<ExternalRequest, "system">) =>
  request({ system: "flights", ...rest, headers: { ...bearer("flights"), ...headers } }, Reservation);

export const flights = {
  reserve: (seat: { flightId: string; passengerName: string }, { key, reference }: Tag) =>
    call({
      action: "reserve",
      method: "PUT",
      path: `/reservations/${encodeId(key)}`,
      json: { ...seat, bookingReference: reference },
    }),
  confirm: (id: string, { key, reference }: Tag) =>
    call({
      action: "confirm",
      method: "POST",
      path: `/reservations/${encodeId(id)}/confirmation`,
      headers: keyHeader(key),
      json: { bookingReference: reference },
    }),
  /** Gives the seat back, confirmed or not. */
  cancel: (id: string, { key, reference }: Tag) =>
    call({
      action: "cancel",
      method: "DELETE",
      path: `/reservations/${encodeId(id)}?bookingReference=${encodeId(reference)}`,
      headers: keyHeader(key),
    }),
};
