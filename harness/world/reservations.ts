import type { Json } from "../plan/index.ts";
import type { Call, Fact } from "./call.ts";
import type { Lapse } from "./running.ts";
import type { LedgerEntry, Reaction } from "./system.ts";

/** Milliseconds for which a reservation waits to be confirmed. */
const HOLD = 15 * 60 * 1000;

/** `barred`: cancelled before it was ever made; the call that would make it comes too late. */
type State = "reserved" | "confirmed" | "cancelled" | "lapsed" | "barred";
export interface Reservation {
  readonly id: string;
  readonly reference?: string | undefined;
  state: State;
  lapsesAt: number;
  confirmable: boolean;
}
/** Why something cannot be reserved or, once it is reserved, confirmed. */
export interface Obstacle {
  to: "reserve" | "confirm";
  why: string;
}
/** What became of a wish, before it is put into the form of an answer. */
export type Outcome =
  | { type: "changed" | "unchanged"; reservation: Reservation }
  | { type: "refused"; status: number; message: string };

/**
 * Seats, cars, rooms: one is held, then confirmed, and given back at any time. A reservation that nobody confirms lapses.
 * What is cancelled or lapsed is never confirmed; cancelling is always accepted, also before the reservation arrives, which
 * is then refused.
 */
export class Reservations {
  readonly #all = new Map<string, Reservation>();

  reserve(id: string, reference: string | undefined, obstacle: Obstacle | undefined, now: number): Outcome {
    const known = this.#all.get(id);
    if (known) return { type: "refused", status: 409, message: `${id} is ${known.state}` };
    if (obstacle?.to === "reserve") return { type: "refused", status: 409, message: obstacle.why };
    const confirmable = obstacle === undefined;
    return this.#made({ id, reference, state: "reserved", lapsesAt: now + HOLD, confirmable });
  }

  confirm(id: string): Outcome {
    const reservation = this.#all.get(id);
    if (!reservation) return { type: "refused", status: 404, message: `there is no ${id}` };
    if (reservation.state === "confirmed") return { type: "unchanged", reservation };
    if (reservation.state !== "reserved")
      return { type: "refused", status: 409, message: `${id} is ${reservation.state}` };
    if (!reservation.confirmable) return { type: "refused", status: 409, message: `${id} cannot be confirmed` };
    return moved(reservation, "confirmed");
  }

  cancel(id: string, reference: string | undefined): Outcome {
    const reservation = this.#all.get(id);
    if (!reservation) return this.#made({ id, reference, state: "barred", lapsesAt: 0, confirmable: false });
    if (reservation.state !== "reserved" && reservation.state !== "confirmed")
      return { type: "unchanged", reservation };
    return moved(reservation, "cancelled");
  }

  /** Ends what is still unconfirmed and due. */
  lapse(due: (reservation: Reservation) => boolean): Reservation[] {
    const lapsing = [...this.#all.values()].filter((one) => one.state === "reserved" && due(one));
    for (const reservation of lapsing) reservation.state = "lapsed";
    return lapsing;
  }

  #made(reservation: Reservation): Outcome {
    this.#all.set(reservation.id, reservation);
    return { type: "changed", reservation };
  }
}

function moved(reservation: Reservation, state: State): Outcome {
  reservation.state = state;
  return { type: "changed", reservation };
}

/** For the ledger: the thing, and the state that it is left in. */
export const factOf = ({ id, reference, state }: Reservation, data: Record<string, Json> = {}): Fact => ({
  key: id,
  reference,
  data: { state, ...data },
});

/**
 * Puts an outcome into the form of an answer.
 * @param fact what a refusal is about
 * @param body what a system says of a reservation
 */
export function answerOf<Param extends string, Body>(
  call: Call<Reservations, Param, Body>,
  outcome: Outcome,
  fact: Fact,
  body: (reservation: Reservation) => Json,
): Reaction {
  if (outcome.type === "refused") return call.refused(outcome.status, outcome.message, fact);
  const { reservation, type } = outcome;
  const { action, data } = fact;
  const told = { ...factOf(reservation, type === "changed" ? data : {}), ...(action !== undefined && { action }) };
  return call[type](told, body(reservation));
}

/** Whoever comes after the hold time finds a reservation lapsed, though nobody looked in between. */
export function lapsedBy(
  state: Reservations,
  id: string,
  now: number,
  lapsed: (fact: Fact) => LedgerEntry,
): LedgerEntry[] {
  return state.lapse((one) => one.id === id && now >= one.lapsesAt).map((one) => lapsed(factOf(one)));
}

/** At the end, whatever was not confirmed has lapsed. */
export const lapseOfPrefix: Lapse<Reservations> = (state, prefix, lapsed) =>
  state.lapse(({ reference = "" }) => reference.startsWith(prefix)).map((one) => lapsed(factOf(one)));
