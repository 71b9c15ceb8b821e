import fc from "fast-check";
import { type Checker, invalid } from "../harness/check/index.ts";
import {
  endedBy,
  type History,
  type LedgerEvent,
  ledger,
  type Performed,
  performed,
  struck,
} from "../harness/history/index.ts";
import {
  atCall,
  atOperation,
  ending,
  fault,
  type Operation,
  operation,
  type Request,
  storm,
} from "../harness/plan/index.ts";
import { property } from "../harness/session/index.ts";
import {
  DECLINED_CARD,
  NO_CARS_LOCATION,
  OVERBOOKED_FLIGHT,
  OVERBOOKED_LOCATION,
  SOLD_OUT_FLIGHT,
} from "../harness/world/index.ts";

const GOOD_CARD = "4242424242424242";

interface Obstacles {
  flight?: string;
  location?: string;
  card?: string;
}
const booking = (
  trip: string,
  { flight = "LH123", location = "Berlin", card = GOOD_CARD }: Obstacles = {},
): Request => ({
  call: { service: "BookingWorkflow", handler: "run", key: trip },
  input: {
    flights: { flightId: flight, passengerName: trip },
    car: { pickupLocation: location, rentalDate: "2030-01-31" },
    paymentInfo: { cardNumber: card, amount: 100 },
  },
});

const mostly = <T>(value: T, ...others: T[]) =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(value) }, { weight: 1, arbitrary: fc.constantFrom(...others) });
const book: fc.Arbitrary<Request> = fc
  .record({
    trip: fc.constantFrom("@t1", "@t2", "@t3"),
    flight: mostly("LH123", SOLD_OUT_FLIGHT, OVERBOOKED_FLIGHT),
    location: mostly("Berlin", NO_CARS_LOCATION, OVERBOOKED_LOCATION),
    card: mostly(GOOD_CARD, DECLINED_CARD),
  })
  .map(({ trip, ...obstacles }) => booking(trip, obstacles));

// --- what a history says

type Entry = { entry: LedgerEvent; index: number };

/** One trip: everything that was asked of it and everything that happened for it. */
interface Trip {
  key: string;
  runs: Performed[];
  entries: Entry[];
  /** changes, without repeats and refusals */
  changes: Entry[];
  cancelled: boolean;
  terminated: boolean;
}

function trips(history: History): Trip[] {
  const all = performed(history);
  const runs = Map.groupBy(
    all.filter(({ operation }) => operation.kind === "book"),
    ({ operation }) => (operation.call as { key: string }).key,
  );
  const entries = ledger(history);
  const [cancelled, terminated] = [endedBy(history, "cancel"), endedBy(history, "terminate")];
  return [...runs].map(([key, tripRuns]) => {
    const isAmong = (ended: Set<string>) => tripRuns.some(({ operation }) => ended.has(operation.id));
    const own = entries.filter(({ entry }) => entry.reference === key);
    return {
      key,
      runs: tripRuns,
      entries: own,
      changes: own.filter(({ entry }) => entry.type === "effect" || entry.type === "lapse"),
      cancelled: isAmong(cancelled),
      terminated: isAmong(terminated),
    };
  });
}

/** The state in which each reservation and payment was left, by its id. */
function states({ changes }: Trip): Map<string, { state: string; system: string; index: number }> {
  const left = new Map<string, { state: string; system: string; index: number }>();
  for (const { entry, index } of changes)
    left.set(`${entry.system} ${entry.key}`, {
      state: (entry.data as { state: string }).state,
      system: entry.system,
      index,
    });
  return left;
}

const eventsOf = (entries: Entry[]): number[] => entries.map(({ index }) => index);

/** Makes a checker of a judgement on single trips. */
const everyTrip =
  (judge: (trip: Trip) => ReturnType<typeof invalid> | undefined): Checker =>
  (history) =>
    trips(history)
      .map(judge)
      .find((verdict) => verdict !== undefined) ?? { verdict: "valid" };

// --- what must hold

const FORWARD = ["flights reserve", "cars reserve", "payment-provider charge", "flights confirm", "cars confirm"];
const UNDO = ["payment-provider refund", "cars cancel", "flights cancel"];
const step = ({ entry }: Entry): string => `${entry.system} ${entry.action}`;

/** Booked: one flight and one car, confirmed, and one payment. Undone: nothing stands. */
const allOrNothing = everyTrip((trip) => {
  const left = states(trip);
  const standing = [...left.values()].filter(({ state }) => state === "confirmed" || state === "captured");
  const held = [...left.values()].filter(({ state }) => state === "reserved");
  const booked =
    standing
      .map(({ system }) => system)
      .sort()
      .join() === "cars,flights,payment-provider" && held.length === 0;
  const undone = standing.length === 0 && held.length === 0;
  const words = [...left].map(([id, { state }]) => `${id.split(" ")[0]}: ${state}`).join(", ") || "nothing";
  const succeeded = trip.runs.some(({ outcome }) => outcome?.status === "succeeded");
  if (trip.terminated) return undefined;
  const events = [...left.values()].map(({ index }) => index);
  if (!booked && !undone)
    return invalid(`The trip ${trip.key} is neither booked nor undone: ${words}.`, events, {
      expected: "all confirmed and paid once, or everything undone",
      seen: words,
    });
  if (succeeded && !booked)
    return invalid(`The trip ${trip.key} was answered as booked, and it is undone: ${words}.`, events);
  const answered = trip.runs.filter(({ outcome, completion }) => outcome || completion);
  const failed = answered.length > 0 && answered.every(({ outcome }) => outcome?.status === "failed");
  if (failed && booked)
    return invalid(`The trip ${trip.key} was answered as failed, and it is booked: ${words}.`, events);
  return strayLapse(trip);
});

/** A reservation may lapse only when its answer never arrived: it was the last thing begun when the trip was cancelled. */
function strayLapse(trip: Trip): ReturnType<typeof invalid> | undefined {
  const forward = trip.changes.filter((one) => FORWARD.includes(step(one)) && one.entry.type === "effect");
  const lapsed = trip.changes.find(({ entry }) => entry.type === "lapse");
  if (!lapsed) return undefined;
  const last = forward.at(-1);
  if (trip.cancelled && last?.entry.key === lapsed.entry.key && last.entry.system === lapsed.entry.system)
    return undefined;
  return invalid(
    `A reservation of the trip ${trip.key} (${lapsed.entry.system}) was left to lapse although its answer had arrived.`,
    [lapsed.index, ...eventsOf(forward)],
    {
      expected: "it is cancelled",
      seen: "it lapsed",
    },
  );
}

const compensatedInReverse = everyTrip((trip) => {
  const undone = trip.changes.filter((one) => UNDO.includes(step(one)));
  const order = undone.map((one) => UNDO.indexOf(step(one)));
  const wrong = order.findIndex((position, index) => index > 0 && position < order[index - 1]!);
  if (wrong === -1) return undefined;
  return invalid(
    `The trip ${trip.key} was undone in the wrong order: ${undone.map(step).join(", then ")}.`,
    eventsOf(undone),
    {
      expected: "the last thing done is the first undone",
    },
  );
});

const effectivelyOnce = everyTrip((trip) => {
  const effects = trip.changes.filter(({ entry }) => entry.type === "effect");
  for (const [name, all] of Map.groupBy(effects, step))
    if (all.length > 1)
      return invalid(`The trip ${trip.key} did "${name}" ${all.length} times.`, eventsOf(all), {
        expected: "each step takes effect once",
        seen: all.map(({ entry }) => entry.key).join(", "),
      });
  return undefined;
});

const onlyBegunIsUndone = everyTrip((trip) => {
  const begun = new Set(trip.entries.filter(({ entry }) => entry.type === "effect").map(step));
  const needs: Record<string, string> = {
    "flights cancel": "flights reserve",
    "cars cancel": "cars reserve",
    "payment-provider refund": "cars reserve",
  };
  for (const one of trip.entries) {
    const needed = needs[step(one)];
    if (needed === undefined || begun.has(needed)) continue;
    return invalid(`The trip ${trip.key} undid a step that it had not come to: "${step(one)}" without "${needed}".`, [
      one.index,
    ]);
  }
  return undefined;
});

/**
 * Judged for each reservation: a confirmation in flight when the trip is cancelled may still land, but never on what is
 * given back already. Trying counts as well, unless a cancellation explains the straggler.
 */
const nothingConfirmedAfterCancel = everyTrip((trip) => {
  for (const [id, all] of Map.groupBy(trip.entries, ({ entry }) => `${entry.system} ${entry.key}`)) {
    const cancelled = all.find(({ entry }) => entry.type === "effect" && entry.action === "cancel");
    const later = all.find(
      ({ entry, index }) =>
        cancelled &&
        index > cancelled.index &&
        entry.action === "confirm" &&
        (entry.type === "effect" || (entry.type === "refusal" && !trip.cancelled)),
    );
    if (!cancelled || !later) continue;
    const system = id.split(" ")[0];
    return invalid(`The trip ${trip.key} went on to confirm its reservation of ${system} after it had cancelled it.`, [
      cancelled.index,
      later.index,
    ]);
  }
  return undefined;
});

const noInventedEffect: Checker = (history) => {
  const invoked = new Set(
    trips(history).flatMap(({ key, runs }) => (runs.some(({ invoke }) => invoke !== undefined) ? [key] : [])),
  );
  const stray = ledger(history).find(({ entry }) => entry.reference === undefined || !invoked.has(entry.reference));
  if (!stray) return { verdict: "valid" };
  return invalid(`${step(stray)} happened for ${stray.entry.reference ?? "no trip"}, which nobody had asked for.`, [
    stray.index,
  ]);
};

// --- the storm

const trip = (id: string, obstacles?: Obstacles, more: Partial<Operation> = {}): Operation =>
  operation(id, "book", booking(`@t${id.slice(1)}`, obstacles), more);
const anyTrip = (is: (one: Trip, left: string[]) => boolean) => (history: History) =>
  trips(history).some((one) =>
    is(
      one,
      [...states(one).values()].map(({ state }) => state),
    ),
  );

property("a trip is booked or undone", {
  pattern: "sagas",
  environment: { EXTERNAL_RETRY_INTERVAL: "5", EXTERNAL_RETRY_MAX_INTERVAL: "20" },
  plan: storm({
    operations: 4,
    kinds: {
      book: {
        request: book,
        messages: { toEndpoint: 9, toServer: 14 },
        effects: 8,
        ends: ["cancel", "cancel", "cancel", "terminate"],
      },
    },
  }),
  invariants: {
    "all or nothing": allOrNothing,
    "compensated in reverse": compensatedInReverse,
    "effectively once": effectivelyOnce,
    "only what was begun is undone": onlyBegunIsUndone,
    "nothing confirmed after cancel": nothingConfirmedAfterCancel,
    "no invented effect": noInventedEffect,
  },
  reaches: {
    "a trip is booked": {
      met: anyTrip((_, left) => left.includes("captured")),
      plan: { operations: [trip("o1"), trip("o2")] },
    },
    "a declined card undoes the trip": {
      met: anyTrip(({ entries }) =>
        entries.some((one) => step(one) === "payment-provider charge" && one.entry.type === "refusal"),
      ),
      plan: { operations: [trip("o1", { card: DECLINED_CARD })] },
    },
    "a paid trip is undone": {
      met: anyTrip((_, left) => left.includes("refunded")),
      plan: { operations: [trip("o1", { location: OVERBOOKED_LOCATION })] },
    },
    "a trip is cancelled while it is being booked": {
      met: anyTrip(({ cancelled, changes }) => cancelled && changes.some((one) => UNDO.includes(step(one)))),
      plan: { operations: [trip("o1"), ending("cancel", "o2", atCall(3, "after"))] },
    },
    "a trip is cancelled again while it is being undone": {
      met: (history) => history.plan.operations.filter(({ mode }) => mode === "cancel").length > 1,
      plan: {
        operations: [
          trip("o1", { card: DECLINED_CARD }),
          ending("cancel", "o2", atCall(4, "before")),
          ending("cancel", "o3", atCall(5, "before")),
        ],
      },
    },
    "a reservation lapses because its answer never arrived": {
      met: anyTrip(({ changes }) => changes.some(({ entry }) => entry.type === "lapse")),
      plan: {
        operations: [trip("o1"), ending("cancel", "o2", atCall(2, "after"))],
        faults: [fault("f1", "external-answers-late", atCall(2, "after"))],
      },
    },
    "a trip is terminated": {
      met: anyTrip(({ terminated }) => terminated),
      plan: { operations: [trip("o1"), ending("terminate", "o2", atCall(2, "before"))] },
    },
    "an external system fails before its effect": {
      met: struck("external-fails"),
      plan: { operations: [trip("o1")], faults: [fault("f1", "external-fails", atCall(3, "before"))] },
    },
    "an external system fails while a trip is being undone": {
      met: (history) =>
        history.events.some(
          (event, index) =>
            event.type === "fault" &&
            event.kind === "external-fails" &&
            event.phase === "struck" &&
            history.events.slice(0, index).some((earlier) => earlier.type === "refusal"),
        ),
      plan: {
        operations: [trip("o1", { location: OVERBOOKED_LOCATION })],
        faults: [fault("f1", "external-fails", atCall(6, "before"))],
      },
    },
    "an answer is lost after the effect": {
      met: struck("external-loses-answer"),
      plan: { operations: [trip("o1")], faults: [fault("f1", "external-loses-answer", atCall(3, "after"))] },
    },
    "an external system stalls": {
      met: struck("external-stalls"),
      plan: { operations: [trip("o1")], faults: [fault("f1", "external-stalls", atCall(1, "before"))] },
    },
    "a zombie charges late": {
      met: struck("zombie"),
      plan: {
        operations: [trip("o1")],
        faults: [fault("f1", "zombie", atCall(3, "before"), atOperation("o1", "completion", "before"))],
      },
    },
    "the endpoint is killed while a trip is being undone": {
      met: struck("kill-endpoint"),
      plan: {
        operations: [trip("o1", { card: DECLINED_CARD })],
        faults: [fault("f1", "kill-endpoint", atCall(4, "after"))],
      },
    },
    "the connection to the endpoint is lost": {
      met: struck("cut-session"),
      plan: {
        operations: [trip("o1")],
        faults: [
          fault("f1", "cut-session", {
            at: "message",
            operation: "o1",
            attempt: 1,
            direction: "to-server",
            message: 3,
            when: "after",
          }),
        ],
      },
    },
    "Restate is killed in mid-trip": {
      met: struck("kill-server"),
      plan: { operations: [trip("o1", {}, { retries: 0 })], faults: [fault("f1", "kill-server", atCall(2, "before"))] },
    },
  },
});
