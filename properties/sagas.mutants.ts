import type { Mutant } from "../harness/stack/index.ts";

const booking = "src/sagas/booking.ts";
const provider = "src/external/payment-provider.ts";

export const mutants: Mutant[] = [
  {
    name: "booking id not durable",
    file: booking,
    find: "const bookingId = ctx.rand.uuidv4();",
    replace: "const bookingId = crypto.randomUUID();",
    breaks: ["effectively once", "all or nothing"],
    note: "an answer is lost, and the call is repeated under another key",
  },
  {
    name: "idempotency key not sent",
    file: provider,
    find: "const headers = { authorization, ...keyHeader(key) };",
    replace: "const headers = { authorization };",
    breaks: ["effectively once", "all or nothing"],
    note: "an answer is lost; or a refund does not find its payment",
  },
  {
    name: "flight reserved outside of ctx.run",
    file: booking,
    find: 'await forward("reserve flight", (tag) => flights.reserve(trip.flights, tag));',
    replace:
      "await flights.reserve(trip.flights, { key: crypto.randomUUID(), reference: ctx.key }).catch(endOnRefusal);",
    breaks: ["effectively once", "all or nothing"],
    note: "any attempt that is repeated reserves again",
  },
  {
    name: "refund ready only after the charge",
    file: booking,
    find: `    compensations.push({ step: "refund", action: (tag) => paymentProvider.refund(paymentId, tag) });
    await forward("charge", (tag) => paymentProvider.charge(trip.paymentInfo, tag));
`,
    replace: `    await forward("charge", (tag) => paymentProvider.charge(trip.paymentInfo, tag));
    compensations.push({ step: "refund", action: (tag) => paymentProvider.refund(paymentId, tag) });
`,
    breaks: ["all or nothing"],
    note: "the booking is cancelled while the charge is under way, and the charge succeeds",
  },
  {
    name: "refund ready before anything was begun",
    file: booking,
    find: "  try {\n",
    replace:
      '  try {\n    compensations.push({ step: "refund", action: (by) => paymentProvider.refund(tagOf("charge").key, by) });\n',
    breaks: ["only what was begun is undone", "compensated in reverse"],
    note: "a reservation is refused, and a payment that was never asked for is refunded",
  },
  {
    name: "refund of another payment",
    file: booking,
    find: 'const paymentId = tagOf("charge").key;',
    replace: "const paymentId = ctx.rand.uuidv4();",
    breaks: ["all or nothing"],
    note: "a confirmation is refused after the charge",
  },
  {
    name: "car forgotten when undoing",
    file: booking,
    find: '    compensations.push({ step: "cancel car", action: (tag) => cars.cancel(car.id, tag) });\n',
    replace: "",
    breaks: ["nothing is left to lapse", "all or nothing"],
    note: "the card is declined, and the car is left to lapse",
  },
  {
    name: "undone in order",
    file: booking,
    find: "of compensations.toReversed()) {",
    replace: "of compensations) {",
    breaks: ["compensated in reverse"],
  },
  {
    name: "failed compensation swallowed",
    file: booking,
    find: "ctx.run(step, () => action(tagOf(step)), externalRetries())",
    replace: "ctx.run(step, () => action(tagOf(step)).catch(() => undefined), externalRetries())",
    breaks: ["all or nothing", "nothing is left to lapse"],
    note: "an external system fails once while the booking is undone",
  },
  {
    name: "compensation given up after one attempt",
    file: booking,
    find: "ctx.run(step, () => action(tagOf(step)), externalRetries())",
    replace: "ctx.run(step, () => action(tagOf(step)), { ...externalRetries(), maxRetryAttempts: 1 })",
    breaks: ["all or nothing", "nothing is left to lapse"],
    note: "an external system fails once while the booking is undone; what is left is not undone either",
  },
  {
    name: "second cancellation ends the compensation",
    file: booking,
    find: "await untilSettled(ctx.run(step, () => action(tagOf(step)), externalRetries()));",
    replace: "await ctx.run(step, () => action(tagOf(step)), externalRetries());",
    breaks: ["all or nothing", "nothing is left to lapse"],
    note: "the booking is cancelled while it compensates",
  },
  {
    name: "a wait withstands one cancellation only",
    file: "src/shared/until-settled.ts",
    find: "if (!(error instanceof CancelledError)) throw error;",
    replace: `if (!(error instanceof CancelledError)) throw error;
      return await promise.map((value, failure) => {
        if (failure) throw failure;
        return value as T;
      });`,
    breaks: ["all or nothing", "nothing is left to lapse"],
    note: "the booking is cancelled twice within one compensation, and what is left is not undone",
  },
  {
    name: "a wait takes a second cancellation for its end",
    file: "src/shared/until-settled.ts",
    find: "for (;;) {",
    replace: "for (let cancellations = 0; cancellations < 2; cancellations++) {",
    breaks: ["compensated in reverse"],
    note: "the booking is cancelled twice within one compensation, and the next one does not wait for it",
  },
  {
    name: "cancelled booking is not undone",
    file: booking,
    find: "if (!(error instanceof restate.TerminalError)) throw error;",
    replace: "if (!(error instanceof restate.TerminalError) || error instanceof restate.CancelledError) throw error;",
    breaks: ["all or nothing", "nothing is left to lapse"],
    note: "the booking is cancelled once the charge was made",
  },
  {
    name: "declined charge undone on the spot, and the booking goes on",
    file: booking,
    find: 'await forward("charge", (tag) => paymentProvider.charge(trip.paymentInfo, tag));',
    replace: `await forward("charge", (tag) => paymentProvider.charge(trip.paymentInfo, tag)).catch(async () => {
      for (const { step, action } of compensations.toReversed()) {
        await ctx.run(step, () => action(tagOf(step)), externalRetries());
      }
    });`,
    breaks: ["nothing confirmed after cancel"],
    note: "a confirmation is asked for, and refused, after the reservation was given back",
  },
  {
    name: "undone booking answered as a success",
    file: booking,
    find: "    throw error;\n  }\n}",
    replace: "    return {};\n  }\n}",
    breaks: ["answers have their shape", "all or nothing"],
    note: "the client is told that it is booked",
  },
  {
    name: "confirmations awaited, and their refusals ignored",
    file: booking,
    find: `    await forward("confirm flight", (tag) => flights.confirm(flight.id, tag));
    await forward("confirm car", (tag) => cars.confirm(car.id, tag));
`,
    replace: `    await restate.RestatePromise.allSettled([
      forward("confirm flight", (tag) => flights.confirm(flight.id, tag)),
      forward("confirm car", (tag) => cars.confirm(car.id, tag)),
    ]);
`,
    breaks: ["all or nothing"],
    note: "a confirmation is refused, and the booking is answered as a success",
  },
  {
    name: "time of the clock in the state",
    file: booking,
    find: "  const bookingId = ctx.rand.uuidv4();\n",
    replace: '  const bookingId = ctx.rand.uuidv4();\n  ctx.set("begun", performance.now());\n',
    breaks: ["replays deterministically", "terminates"],
    note: "an attempt is repeated, and writes another time",
  },
  {
    name: "refusal retried for ever",
    file: "src/external/end-on-refusal.ts",
    find: "  if (error instanceof Refusal) throw new TerminalError(error.message, { errorCode: error.status });\n",
    replace: "",
    breaks: ["terminates"],
    note: "the card is declined",
  },
  {
    name: "car confirmed before the flight",
    file: booking,
    find: `    await forward("confirm flight", (tag) => flights.confirm(flight.id, tag));
    await forward("confirm car", (tag) => cars.confirm(car.id, tag));
`,
    replace: `    await forward("confirm car", (tag) => cars.confirm(car.id, tag));
    await forward("confirm flight", (tag) => flights.confirm(flight.id, tag));
`,
    breaks: ["steps in order"],
  },
  {
    name: "amount charged in another unit",
    file: booking,
    find: "paymentProvider.charge(trip.paymentInfo, tag)",
    replace: "paymentProvider.charge({ ...trip.paymentInfo, amount: trip.paymentInfo.amount * 100 }, tag)",
    breaks: ["effects carry what was asked"],
  },
  {
    name: "trip booked under the name of its passenger",
    file: booking,
    find: "reference: ctx.key });",
    replace: "reference: trip.flights.passengerName.toUpperCase() });",
    breaks: ["no spurious effect"],
  },
];
