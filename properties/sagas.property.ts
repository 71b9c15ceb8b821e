import fc from "fast-check";
import { z } from "zod";
import {
  at,
  cancel,
  checks,
  faults,
  fieldOf,
  type Group,
  groupBy,
  type HistoryView,
  ids,
  invalidInput,
  type Json,
  type LedgerRecord,
  operation,
  property,
  scenario,
  terminate,
  violation,
} from "../harness/index.ts";
import {
  DECLINED_CARD,
  NO_CARS_LOCATION,
  OVERBOOKED_FLIGHT,
  OVERBOOKED_LOCATION,
  SOLD_OUT_FLIGHT,
} from "../harness/world/index.ts";

const GOOD = { flight: "LH123", location: "Berlin", card: "4242424242424242", amount: 100 };
type Trip = typeof GOOD & { trip: string };

const DATE = "2030-01-31";
const carOf = ({ location }: Trip) => ({ pickupLocation: location, rentalDate: DATE });
const flightOf = ({ flight, trip }: Trip) => ({ flightId: flight, passengerName: trip });
const request = (trip: Trip, more: Record<string, Json> = {}) => ({
  call: "BookingWorkflow/run",
  key: trip.trip,
  input: {
    flights: flightOf(trip),
    car: carOf(trip),
    paymentInfo: { cardNumber: trip.card, amount: trip.amount },
    ...more,
  },
});
const mostly = (value: string, ...others: string[]) =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(value) }, { weight: 1, arbitrary: fc.constantFrom(...others) });

const book = operation({
  weight: 6,
  args: fc.record({
    trip: ids("@t1", "@t2", "@t3"),
    flight: mostly(GOOD.flight, SOLD_OUT_FLIGHT, OVERBOOKED_FLIGHT),
    location: mostly(GOOD.location, NO_CARS_LOCATION, OVERBOOKED_LOCATION),
    card: mostly(GOOD.card, DECLINED_CARD),
    amount: fc.constantFrom(100, 250),
  }),
  request: (trip: Trip) => request(trip),
  answer: z.strictObject({ flightId: z.string(), carId: z.string(), paymentId: z.string() }),
  // a trip is booked once: whoever asks again is told so, and has the first one's answer when he attaches
  failsWith({ args: { trip } }, { operations }): number[] {
    const same = book.among(operations).flatMap(({ args }) => (args.trip === trip ? [args] : []));
    const isRefused = same.some(({ flight, location }) => flight !== GOOD.flight || location !== GOOD.location);
    const isDeclined = same.some(({ card }) => card === DECLINED_CARD);
    return [...(isDeclined ? [402] : []), ...(isRefused || same.length > 1 ? [409] : [])];
  },
  undoneByCancel: true,
});
const without = (trip: string, field: string, more: Record<string, Json>) => ({
  request: request({ trip, ...GOOD }, more),
  field,
});
const malformed = invalidInput(
  without("@x1", "flights", { flights: null }),
  without("@x2", "passengerName", { flights: { flightId: "LH123" } }),
  without("@x3", "rentalDate", { car: { pickupLocation: "Berlin", rentalDate: "" } }),
  without("@x4", "amount", { paymentInfo: { cardNumber: GOOD.card, amount: 0 } }),
  without("@x5", "amount", { paymentInfo: { cardNumber: GOOD.card, amount: 9.5 } }),
);

const trips = groupBy({ of: [book], by: ({ trip }) => trip });
type Booked = Group<typeof book>;
const stepOf = ({ system, action }: LedgerRecord): string => `${system} ${action}`;
const FORWARD = ["flights reserve", "cars reserve", "payment-provider charge", "flights confirm", "cars confirm"];
const UNDO = ["payment-provider refund", "cars cancel", "flights cancel"];
/** What must have been done for a step to be undone: a refund is made ready before the charge. */
const BEGUN_BY = new Map([
  ["flights cancel", "flights reserve"],
  ["cars cancel", "cars reserve"],
  ["payment-provider refund", "cars reserve"],
]);

/** The last that is known of each reservation and payment. */
const lastOf = ({ ledger }: Booked): LedgerRecord[] => {
  const changes = ledger.filter(({ type }) => type === "effect" || type === "lapse");
  return [...new Map(changes.map((entry) => [`${entry.system} ${entry.key}`, entry])).values()];
};
const stateOf = ({ data }: LedgerRecord): Json => fieldOf(data, "state") ?? null;

/** Booked: one flight and one car, confirmed, and one payment. Undone: nothing stands. The answers say which. */
const allOrNothing = trips.every((trip) => {
  if (trip.isTerminated) return undefined;
  const last = lastOf(trip);
  const isIn = (...states: string[]) => last.filter((entry) => states.some((state) => stateOf(entry) === state));
  const standing = isIn("confirmed", "captured").map(({ system }) => system);
  const isHeld = isIn("reserved").length > 0;
  const isBooked = !isHeld && standing.toSorted().join() === "cars,flights,payment-provider";
  const isUndone = !isHeld && standing.length === 0;
  const seen = last.map((entry) => `${entry.system}: ${stateOf(entry)}`).join(", ") || "nothing";
  const wrong = (what: string) => violation(`The trip ${trip.key} ${what}: ${seen}.`, { seen }, last, trip.operations);
  if (!isBooked && !isUndone) return wrong("is neither booked nor undone");
  if (!isBooked && trip.operations.some(({ result }) => result !== undefined))
    return wrong("was answered as booked, and it is undone");
  if (isBooked && trip.operations.every(({ error }) => error !== undefined))
    return wrong("was answered as failed, and it is booked");
  return undefined;
});

/** Only a reservation whose answer never arrived may lapse: it was the last thing begun when the trip was cancelled. */
const nothingIsLeftToLapse = trips.every(({ key, ledger, effects, isCancelled, isTerminated }) => {
  if (isTerminated) return undefined;
  const last = effects.findLast((entry) => FORWARD.includes(stepOf(entry)));
  const left = ledger.find(
    (entry) => entry.type === "lapse" && !(isCancelled && last?.system === entry.system && last.key === entry.key),
  );
  const summary = `A reservation of the trip ${key} (${left?.system}) was left to lapse although its answer had arrived.`;
  return left && violation(summary, { expected: "it is cancelled", seen: "it lapsed" }, left, effects);
});

const onlyBegunIsUndone = trips.every(({ key, ledger, effects }) => {
  const stray = ledger.find((entry) => {
    const needed = BEGUN_BY.get(stepOf(entry));
    return needed && !effects.some((effect) => stepOf(effect) === needed && effect.index < entry.index);
  });
  return stray && violation(`The trip ${key} undid a step that it had not come to: "${stepOf(stray)}".`, {}, stray);
});

/**
 * Judged for each reservation: a confirmation in flight when the trip is cancelled may still land, but never on what is
 * given back already. Trying counts as well, unless a cancellation explains the straggler.
 */
const nothingConfirmedAfterCancel = trips.every(({ key, ledger, effects, isCancelled }) => {
  for (const undone of effects.filter(({ action }) => action === "cancel")) {
    const late = ledger.find(
      (entry) =>
        entry.system === undone.system &&
        entry.key === undone.key &&
        entry.index > undone.index &&
        entry.action === "confirm" &&
        (entry.type === "effect" || (entry.type === "refusal" && !isCancelled)),
    );
    if (late)
      return violation(`The trip ${key} went on to confirm ${undone.key} after it had cancelled it.`, {}, undone, late);
  }
  return undefined;
});

const askedFor = ({ operations }: Booked, fields: (trip: Trip) => Record<string, Json>) =>
  operations.map(({ args }) => fields(args));
const carriesWhatWasAsked = checks.effectsCarry(trips, (entry, trip) => {
  if (stepOf(entry) === "flights reserve") return askedFor(trip, flightOf);
  if (stepOf(entry) === "cars reserve") return askedFor(trip, carOf);
  return stepOf(entry) === "payment-provider charge" ? askedFor(trip, ({ amount }) => ({ amount })) : undefined;
});

const trip = book({ trip: "@t1", ...GOOD });
const declined = book({ trip: "@t1", ...GOOD, card: DECLINED_CARD });
const overbooked = book({ trip: "@t1", ...GOOD, location: OVERBOOKED_LOCATION });
const call = (n: number) => at.externalCall("o1", n);
const someLeft = (state: string) => trips.some((trip) => lastOf(trip).some((entry) => stateOf(entry) === state));
const someEntry = (is: (entry: LedgerRecord) => boolean) => (view: HistoryView) => view.ledger.some(is);

property("a trip is booked or undone", {
  pattern: "sagas",
  settings: { EXTERNAL_RETRY_INTERVAL: 5, EXTERNAL_RETRY_MAX_INTERVAL: 20 },
  operations: { book, malformed },
  storm: { operations: 4 },
  invariants: {
    "all or nothing": allOrNothing,
    "nothing is left to lapse": nothingIsLeftToLapse,
    "steps in order": checks.stepsInOrder(trips, FORWARD),
    "compensated in reverse": checks.stepsInOrder(trips, UNDO),
    "effectively once": checks.effectsOnce(trips, {
      required: () => [...FORWARD, ...UNDO],
      effect: stepOf,
      isDue: () => false,
    }),
    "only what was begun is undone": onlyBegunIsUndone,
    "nothing confirmed after cancel": nothingConfirmedAfterCancel,
    "effects carry what was asked": carriesWhatWasAsked,
    "no spurious effect": checks.noSpuriousEffects(trips),
  },
  scenarios: {
    "a trip is booked": scenario({ o1: trip, o2: book({ trip: "@t2", ...GOOD, amount: 250 }) }),
    "a declined card undoes the trip": scenario({ o1: declined }).reachedWhen(
      someEntry((entry) => entry.type === "refusal" && entry.action === "charge"),
    ),
    "a paid trip is undone": scenario({ o1: overbooked }).reachedWhen(someLeft("refunded")),
    "a trip is cancelled while it is being booked": scenario({ o1: trip, o2: cancel("o1").after(call(3)) }).reachedWhen(
      trips.some(({ isCancelled, effects }) => isCancelled && effects.some((entry) => UNDO.includes(stepOf(entry)))),
    ),
    "a trip is cancelled again while it is being undone": scenario(
      { o1: declined, o2: cancel("o1").before(call(4)), o3: cancel("o1").after("o2") },
      faults.stall.before(call(4)),
    ),
    "a reservation lapses because its answer never arrived": scenario(
      { o1: trip, o2: cancel("o1").after(call(2)) },
      faults.answerLate.after(call(2)),
    ).reachedWhen(someEntry(({ type }) => type === "lapse")),
    "a trip is terminated": scenario({ o1: trip, o2: terminate("o1").before(call(2)) }).reachedWhen(
      trips.some(({ isTerminated }) => isTerminated),
    ),
    "a trip that makes no sense is refused": scenario({
      o1: malformed(without("@x1", "flights", { flights: null })),
    }).reachedWhen(malformed.some(({ error }) => error !== undefined)),
    "an external system fails before its effect": scenario({ o1: trip }, faults.failCall.before(call(3))),
    "an external system fails while a trip is being undone": scenario(
      { o1: overbooked },
      faults.failCall.before(call(6)),
    ).reachedWhen(({ faults, ledger }) =>
      faults.some(({ kind, injected }) =>
        ledger.some(({ type, index }) => kind === "fail-call" && type === "refusal" && index < injected),
      ),
    ),
    "an answer is lost after the effect": scenario({ o1: trip }, faults.loseAnswer.after(call(3))),
    "an external system stalls": scenario({ o1: trip }, faults.stall.before(call(1))),
    "a zombie charges late": scenario({ o1: trip }, faults.zombie.before(call(3)).until(at.answered("o1"))),
    "the endpoint is killed while a trip is being undone": scenario(
      { o1: declined },
      faults.killEndpoint.after(call(4)),
    ),
    "the connection to the endpoint is lost": scenario({ o1: trip }, faults.cutConnection.after(at.message("o1", 3))),
    "Restate is killed in mid-trip": scenario({ o1: trip }, faults.killServer.before(call(2))),
  },
});
