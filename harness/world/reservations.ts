import { z } from "zod";
import type { Json } from "../plan/index.ts";
import { Register, type Thing } from "./register.ts";
import type { ExternalCall, ExternalSystem, LedgerEntry, Reaction } from "./system.ts";

/** What distinguishes one reservation system from another. */
export interface Kind {
  /** the system's name, e.g. "flights" */
  name: string;
  /** the first part of an id, e.g. "flight": the call with key k makes "flight:k" */
  noun: string;
  /** what a reservation is made of; other fields are refused */
  request: z.ZodType<Record<string, Json>>;
  /** why it cannot be reserved or, once it is reserved, confirmed; undefined when it can */
  obstacle(content: Record<string, Json>): { to: "reserve" | "confirm"; why: string } | undefined;
}

/** Milliseconds for which a reservation waits to be confirmed. */
const HOLD = 15 * 60 * 1000;

/** `barred`: cancelled before it was ever made; the call that would make it comes too late. */
type State = "reserved" | "confirmed" | "cancelled" | "lapsed" | "barred";
interface Reservation extends Thing<State> {
  lapsesAt: number;
  confirmable: boolean;
}
const Reference = z.strictObject({ id: z.string().min(1) });

/**
 * Seats, cars, rooms: `reserve` holds one, `confirm {id}` makes it firm, `cancel {id}` gives it back at any time.
 * A reservation that nobody confirms lapses. What is cancelled or lapsed is never confirmed; cancelling is always
 * accepted, also before the reservation arrives, which is then refused.
 */
export function reservations(kind: Kind): ExternalSystem {
  const books = new Register<State, Reservation>(kind.name);

  function reserve(call: ExternalCall, now: number): Reaction {
    const id = `${kind.noun}:${books.keyOf(call)}`;
    const known = books.get(id);
    if (known) return books.refused(call, id, 409, `${id} is ${known.state}`);
    const read = books.read(call, kind.request);
    if ("refusal" in read) return read.refusal;
    const obstacle = kind.obstacle(read.content);
    if (obstacle?.to === "reserve") return books.refused(call, id, 409, obstacle.why);

    const { reference } = call;
    const reservation = books.put({
      id,
      ...(reference === undefined ? {} : { reference }),
      state: "reserved",
      lapsesAt: now + HOLD,
      confirmable: obstacle === undefined,
    });
    return books.changed(call, reservation, read.content);
  }

  function confirm(call: ExternalCall, id: string): Reaction {
    const reservation = books.get(id);
    if (!reservation) return books.refused(call, id, 404, `there is no ${id}`);
    if (reservation.state === "confirmed") return books.unchanged(call, reservation);
    if (reservation.state !== "reserved") return books.refused(call, id, 409, `${id} is ${reservation.state}`);
    if (!reservation.confirmable) return books.refused(call, id, 409, `${id} cannot be confirmed`);
    reservation.state = "confirmed";
    return books.changed(call, reservation);
  }

  function cancel(call: ExternalCall, id: string): Reaction {
    const reservation = books.get(id);
    if (!reservation) {
      const { reference } = call;
      const barred = { id, ...(reference === undefined ? {} : { reference }), lapsesAt: 0, confirmable: false };
      return books.changed(call, books.put({ ...barred, state: "barred" }));
    }
    if (reservation.state !== "reserved" && reservation.state !== "confirmed")
      return books.unchanged(call, reservation);
    reservation.state = "cancelled";
    return books.changed(call, reservation);
  }

  function lapse(due: (reservation: Reservation) => boolean): LedgerEntry[] {
    const lapsing = [...books.values()].filter((reservation) => reservation.state === "reserved" && due(reservation));
    return lapsing.map((reservation) => {
      reservation.state = "lapsed";
      return books.lapsed(reservation);
    });
  }

  return {
    name: kind.name,
    lapse: (referencePrefix) => lapse(({ reference = "" }) => reference.startsWith(referencePrefix)),

    handle(call, now) {
      if (call.action === "reserve") return reserve(call, now);
      if (call.action !== "confirm" && call.action !== "cancel") {
        return books.refused(call, call.key ?? "", 404, `${kind.name} cannot ${call.action}`);
      }
      const read = books.read(call, Reference);
      if ("refusal" in read) return read.refusal;
      const { id } = read.content;
      // whoever comes after the hold time finds it lapsed, though nobody looked in between
      const lapses = lapse((reservation) => reservation.id === id && now >= reservation.lapsesAt);
      const reaction = call.action === "confirm" ? confirm(call, id) : cancel(call, id);
      return { ...reaction, entries: [...lapses, ...reaction.entries] };
    },
  };
}
