import fc from "fast-check";
import { z } from "zod";
import {
  at,
  cancel,
  checks,
  disturbances,
  fastRetries,
  faults,
  groupBy,
  ids,
  type Json,
  operation,
  property,
  scenario,
  terminate,
  violation,
  world,
} from "../harness/index.ts";

const GOOD = { trip: "@t1", flight: "LH123", location: "Berlin", card: "4242424242424242", amount: 100 };
type Trip = typeof GOOD;

const flightOf = ({ flight, trip }: Trip) => ({ flightId: flight, passengerName: trip });
const carOf = ({ location }: Trip) => ({ pickupLocation: location, rentalDate: "2030-01-31" });
const mostly = (value: string, ...others: string[]) =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(value) }, { weight: 1, arbitrary: fc.constantFrom(...others) });

const book = operation({
  weight: 6,
  args: fc.record({
    trip: ids("@t1", "@t2", "@t3"),
    flight: mostly(GOOD.flight, world.SOLD_OUT_FLIGHT, world.OVERBOOKED_FLIGHT),
    location: mostly(GOOD.location, world.NO_CARS_LOCATION, world.OVERBOOKED_LOCATION),
    card: mostly(GOOD.card, world.DECLINED_CARD),
    amount: fc.constantFrom(100, 250),
  }),
  request: (trip: Trip) => ({
    call: "BookingWorkflow/run",
    key: trip.trip,
    input: {
      flights: flightOf(trip),
      car: carOf(trip),
      paymentInfo: { cardNumber: trip.card, amount: trip.amount },
    },
  }),
  answer: z.strictObject({ flightId: z.string(), carId: z.string(), paymentId: z.string() }),
  // a trip is booked once: whoever asks again is told so, and has the first one's answer when he attaches
  failsWith({ args: { trip } }, { operations }): number[] {
    const same = book.among(operations).flatMap(({ args }) => (args.trip === trip ? [args] : []));
    const isRefused = same.some(({ flight, location }) => flight !== GOOD.flight || location !== GOOD.location);
    const isDeclined = same.some(({ card }) => card === world.DECLINED_CARD);
    return [...(isDeclined ? [402] : []), ...(isRefused || same.length > 1 ? [409] : [])];
  },
  undoneByCancel: true,
});

const trips = groupBy({ of: [book], by: ({ trip }) => trip });
const FORWARD = ["flights reserve", "cars reserve", "payment-provider charge", "flights confirm", "cars confirm"];
const UNDO = ["payment-provider refund", "cars cancel", "flights cancel"];
/** What must have been done for a step to be undone: a refund is made ready before the charge. */
const BEGUN_BY = new Map([
  ["flights cancel", "flights reserve"],
  ["cars cancel", "cars reserve"],
  ["payment-provider refund", "cars reserve"],
]);

/** Booked: one flight and one car, confirmed, and one payment. Undone: nothing stands. The answers say which. */
const allOrNothing = trips.every(({ key, operations, latest, isTerminated }) => {
  if (isTerminated) return undefined;
  const isIn = (...states: string[]) => latest.filter((entry) => states.some((state) => entry.text("state") === state));
  const standing = isIn("confirmed", "captured").map(({ system }) => system);
  const isHeld = isIn("reserved").length > 0;
  const isBooked = !isHeld && standing.toSorted().join() === "cars,flights,payment-provider";
  const isUndone = !isHeld && standing.length === 0;
  const seen = latest.map((entry) => `${entry.system}: ${entry.text("state")}`).join(", ") || "nothing";
  const wrong = (what: string) => violation(`The trip ${key} ${what}: ${seen}.`, { seen }, latest, operations);
  if (!isBooked && !isUndone) return wrong("is neither booked nor undone");
  if (!isBooked && operations.some(({ result }) => result !== undefined))
    return wrong("was answered as booked, and it is undone");
  return isBooked && operations.every(({ error }) => error) && wrong("was answered as failed, and it is booked");
});

/** Only a reservation whose answer never arrived may lapse: it was the last thing begun when the trip was cancelled. */
const nothingIsLeftToLapse = trips.every(({ key, ledger, effects, isCancelled, isTerminated }) => {
  const last = effects.findLast(({ step }) => FORWARD.includes(step));
  const left = ledger.find(
    (entry) => entry.type === "lapse" && !(isCancelled && last?.system === entry.system && last.key === entry.key),
  );
  if (!left || isTerminated) return undefined;
  const summary = `A reservation of the trip ${key} (${left.system}) was left to lapse although its answer had arrived.`;
  return violation(summary, { expected: "it is cancelled", seen: "it lapsed" }, left, effects);
});

const onlyBegunIsUndone = trips.every(({ key, ledger, effects }) => {
  const stray = ledger.find(({ step, index }) => {
    const needed = BEGUN_BY.get(step);
    return needed && !effects.some((effect) => effect.step === needed && effect.index < index);
  });
  return stray && violation(`The trip ${key} undid a step that it had not come to: "${stray.step}".`, {}, stray);
});

/**
 * Judged for each reservation: a confirmation in flight when the trip is cancelled may still land, but never on what is
 * given back already. Trying counts as well, unless a cancellation explains the straggler.
 */
const nothingConfirmedAfterCancel = trips.every(({ key, ledger, effects, isCancelled }) => {
  const isCounted = isCancelled ? ["effect"] : ["effect", "refusal"];
  const late = ledger.find(
    (tried) =>
      tried.action === "confirm" &&
      isCounted.includes(tried.type) &&
      effects.some(({ action, key, index }) => action === "cancel" && key === tried.key && index < tried.index),
  );
  return (
    late && violation(`The trip ${key} went on to confirm ${late.key} after it had cancelled it.`, {}, late, effects)
  );
});

/** What each step carries of the trip that was asked for. */
const CARRIED = new Map<string, (trip: Trip) => Record<string, Json>>([
  ["flights reserve", flightOf],
  ["cars reserve", carOf],
  ["payment-provider charge", ({ amount }) => ({ amount })],
]);

const trip = book(GOOD);
const declined = book({ ...GOOD, card: world.DECLINED_CARD });
const overbooked = book({ ...GOOD, location: world.OVERBOOKED_LOCATION });
const call = (n: number) => at.externalCall("o1", n);

property("a trip is booked or undone", {
  pattern: "sagas",
  settings: fastRetries,
  operations: { book },
  storm: { operations: 4 },
  invariants: {
    "all or nothing": allOrNothing,
    "nothing is left to lapse": nothingIsLeftToLapse,
    "steps in order": checks.stepsInOrder(trips, FORWARD),
    "compensated in reverse": checks.stepsInOrder(trips, UNDO),
    "effectively once": checks.effectsOnce(trips, {
      required: () => [...FORWARD, ...UNDO],
      effect: ({ step }) => step,
      isDue: () => false,
    }),
    "only what was begun is undone": onlyBegunIsUndone,
    "nothing confirmed after cancel": nothingConfirmedAfterCancel,
    "effects carry what was asked": checks.effectsCarry(trips, ({ step }, { operations }) => {
      const carried = CARRIED.get(step);
      return carried && operations.map(({ args }) => carried(args));
    }),
    "no spurious effect": checks.noSpuriousEffects(trips),
  },
  scenarios: {
    "two trips are booked": scenario({ o1: trip, o2: book({ ...GOOD, trip: "@t2", amount: 250 }) }),
    "a declined card undoes the trip": scenario({ o1: declined }).reachedWhen(
      book.some(({ error }) => error?.code === 402),
    ),
    "a trip is cancelled while it is being booked": scenario({ o1: trip, o2: cancel("o1").after(call(3)) }).reachedWhen(
      trips.some(({ isCancelled, effects }) => isCancelled && effects.some(({ step }) => UNDO.includes(step))),
    ),
    "a trip is cancelled twice while one step is being undone": scenario(
      { o1: declined, o2: cancel("o1").before(call(5)), o3: cancel("o1").after("o2") },
      faults.stall.before(call(5)),
    ),
    "a reservation lapses because its answer never arrived": scenario(
      { o1: trip, o2: cancel("o1").after(call(2)) },
      faults.answerLate.after(call(2)),
    ).reachedWhen(trips.some(({ latest }) => latest.some(({ type }) => type === "lapse"))),
    "a trip is terminated": scenario({ o1: trip, o2: terminate("o1").before(call(2)) }, faults.stall.before(call(2))),
    ...disturbances("a trip is booked", trip, { call: 3, message: 3 }),
    ...disturbances("a paid trip is undone", overbooked, { call: 6, message: 8 }),
  },
});
