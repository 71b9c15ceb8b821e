import fc from "fast-check";
import {
  at,
  attach,
  cancel,
  checks,
  disturbances,
  fastRetries,
  faults,
  type Group,
  groupBy,
  type HistoryView,
  invalidInput,
  type Json,
  type OperationRecord,
  oneByOne,
  operation,
  property,
  scenario,
  terminate,
  violation,
  world,
} from "../harness/index.ts";

/** Milliseconds: far above what a real server takes for a step. */
const DAY = 60;
/** Seconds. */
const TOLERANCE = 300;
const BILLING = "billing@own.example";
const [SECRET, ROLLED, FORGED] = ["whsec_current", "whsec_rolled", "whsec_forged"];

// --- what Stripe and others deliver

const CALL = "webhookCallbackRouter/onStripeEvent";
const FAILED = "invoice.payment_failed";
const PAID = "invoice.payment_succeeded";
const HANDLERS: Readonly<Record<string, string>> = { [FAILED]: "onPaymentFailure", [PAID]: "onPaymentSuccess" };

interface Event {
  id: string;
  type: string;
  invoice: string;
  to: string | null;
}
const failed = (id: string, invoice: string, to: string | null): Event => ({ id, type: FAILED, invoice, to });
const [E1, E2] = [failed("@e1", "@i1", "ann@one.example"), failed("@e2", "@i1", "Ann@Two.example")];
const [UNADDRESSED, E4] = [failed("@e3", "@i1", null), failed("@e4", "@I1", "ben@one.example")];
const PAYMENT = { id: "@s1", type: PAID, invoice: "@i1", to: null };
const PAID_TOO: Event = { ...E1, id: "@o1", type: "invoice.paid" };
const OTHERS = [PAID_TOO, { ...E1, id: "@o2", type: "invoice.unheard_of" }];

const contentOf = ({ id, type, invoice, to }: Event) =>
  world.stripeEvent({
    id,
    type,
    created: 0,
    object: { ...world.invoiceObject({ id: invoice, isPaid: type === PAID }), customer_email: to },
  });

/** What is delivered, at a time in seconds. */
type Content = ReturnType<typeof contentOf>;
type Signing = (content: Content, now: number) => { headers: Record<string, string>; body: string };
const signedWith =
  (...secrets: string[]): Signing =>
  (content, now) =>
    world.signedDelivery(content, secrets, Math.floor(now));
const signed = signedWith(SECRET);
const headed =
  (change: (signature: string) => string): Signing =>
  (content, now) => {
    const { headers, body } = signed(content, now);
    return { headers: { ...headers, "stripe-signature": change(headers["stripe-signature"] ?? "") }, body };
  };

const GENUINE: Readonly<Record<string, Signing>> = {
  signed,
  "signed with the old and the new secret": signedWith(ROLLED, SECRET),
  "signed with the new and the old secret": signedWith(SECRET, ROLLED),
  "with signatures of another scheme": headed((signature) => `${signature},v0=00,v2=00`),
  old: (content, now) => signed(content, now - TOLERANCE + 30),
};
/** It is fresh for another second at most. */
const BARELY: Signing = (content, now) => signed(content, now + 0.01 - TOLERANCE);
const FALSE: Readonly<Record<string, Signing>> = {
  forged: signedWith(FORGED),
  "signed with a secret that was rolled out": signedWith(ROLLED),
  stale: (content, now) => signed(content, now - TOLERANCE - 1),
  unsigned: (content, now) => ({ ...signed(content, now), headers: {} }),
  "without a signature": signedWith(),
  "with an empty header": headed(() => ""),
  "with a header that is none": headed(() => "signed, honestly"),
  "with a signature cut short": headed((signature) => signature.slice(0, -1)),
  "signed in another scheme": headed((signature) => signature.replace("v1=", "v0=")),
  "without a time": headed((signature) => signature.replace(/^t=\d+,/, "")),
  "with another time": headed((signature) => signature.replace(/^t=\d+/, (t) => `${t}0`)),
  "tampered with": (content, now) => {
    const { headers, body } = signed(content, now);
    return { headers, body: body.replace(/"customer_email": .*,/, '"customer_email": "eve@evil.example",') };
  },
  "written anew": (content, now) => ({ ...signed(content, now), body: JSON.stringify(content) }),
  "without a body": (content, now) => ({ ...signed(content, now), body: "" }),
  "no event": (_, now) => world.signedDelivery("an event", [SECRET], Math.floor(now)),
  "without a type": (content, now) => signed({ ...content, type: 7 }, now),
  "without an invoice": (content, now) => signed({ ...content, data: { object: { id: "" } } }, now),
};
const SIGNINGS: Readonly<Record<string, Signing>> = { ...GENUINE, ...FALSE, barely: BARELY };

interface Delivery {
  event: Event;
  how: string;
  delayMs: number;
}
function request({ event, how }: Delivery, { now }: { now: number }) {
  const signing = SIGNINGS[how] ?? signed;
  return { call: CALL, ...signing(contentOf(event), now / 1000) };
}
const isGenuine = ({ how }: Delivery) => how in GENUINE;
const isFalse = ({ how }: Delivery) => how in FALSE;

const deliver = operation({
  weight: 6,
  args: fc.record({
    event: fc.constantFrom(E1, E1, E2, UNADDRESSED, E4, E4, PAYMENT, ...OTHERS),
    how: fc.oneof(
      { weight: 5, arbitrary: fc.constantFrom("signed", ...Object.keys(GENUINE)) },
      { weight: 2, arbitrary: fc.constantFrom(...Object.keys(FALSE)) },
      { weight: 1, arbitrary: fc.constant("barely") },
    ),
    delayMs: fc.constantFrom(0, 20, 80),
  }),
  request,
  routes: { later: (delivery, context) => ({ ...request(delivery, context), send: { delayMs: delivery.delayMs } }) },
  // deliveries are no retries of each other, and carry no key
  identity: () => undefined,
  failsWith: ({ args }) => (isGenuine(args) ? [] : [400]),
  undoneByCancel: true,
});
type Delivered = OperationRecord<Delivery, Json>;

/** Without a time of their own: what is signed is in `FALSE`. */
const malformed = invalidInput(
  { request: { call: CALL, body: "{" }, field: "Stripe-Signature" },
  {
    request: { call: CALL, input: contentOf(E1), headers: { "stripe-signature": "t=1,v1=00" } },
    field: "Stripe-Signature",
  },
);

const invoices = groupBy({ of: [deliver], by: ({ event }) => event.invoice });
type Invoice = Group<typeof deliver>;

/** What the tracker did by itself on behalf of a delivery. */
const tracked = ({ id }: Delivered, { events }: HistoryView) =>
  events.flatMap((event, place) =>
    event.type === "attempt" && event.operation === id && event.child !== undefined ? [{ ...event, place }] : [],
  );
/** Where the tracker was done with a delivery; Infinity when it never was. */
const processedAt = (one: Delivered, view: HistoryView): number => {
  const { invoice, type } = one.args.event;
  const target = `paymentTracker/${invoice}/${HANDLERS[type]}`;
  const end = tracked(one, view).find((attempt) => attempt.phase === "ended" && attempt.target === target);
  return end?.place ?? Number.POSITIVE_INFINITY;
};
/** Somebody was told that it is taken. One that was sent one way is judged after that, and can be ended before. */
const isAcknowledged = ({ outcome, route, args, isInterrupted }: Delivered) =>
  outcome === "ok" && !isFalse(args) && (route === undefined || (isGenuine(args) && !isInterrupted));
const isRouted = ({ args }: Delivered) => args.event.type in HANDLERS;
const isFailure = ({ args }: Delivered) => args.event.type === FAILED;

// --- what must hold

const acknowledgedIsProcessed = deliver.every(
  (one, view) =>
    isAcknowledged(one) &&
    isRouted(one) &&
    processedAt(one, view) === Number.POSITIVE_INFINITY &&
    violation(`${one} was acknowledged, and never processed.`, { expected: "the tracker takes note of it" }, one),
);
const failureIsFollowed = checks.effectsOnce(invoices, {
  required: () => ["Reminder 1 of 3", "Reminder 2 of 3", "Reminder 3 of 3", "alerts raise"],
  effect: (entry) => entry.text("subject") ?? entry.step,
  isDue: ({ operations }) =>
    operations.some((one) => isFailure(one) && isAcknowledged(one)) &&
    !operations.some(({ args, outcome }) => args.event.type === PAID && !isFalse(args) && outcome !== "fail"),
});
const paymentEndsIt = invoices.every(({ key, operations, effects }, view) => {
  const payments = operations.filter(({ args }) => args.event.type === PAID);
  const paid = Math.min(...payments.map((one) => processedAt(one, view)));
  const late = effects.find(({ index }) => index > paid);
  return late && violation(`"${late.step}" came after ${key} was known to be paid.`, {}, paid, late);
});

/** However often, and whenever, it is delivered. */
const eventProcessedOnce = checks.ofOneRequest(invoices, ({ operation }, { operations }) => {
  const delivery = operations.find(({ id }) => id === operation);
  return delivery && `The event ${delivery.args.event.id}`;
});

/** Deliveries that are so, as it is said of them, never reach a tracker. */
const reachNoTracker = (are: (one: Delivered) => string | false) =>
  deliver.every((one, view) => {
    const [what, effects] = [are(one), tracked(one, view).map(({ place }) => place)];
    return (
      what !== false && effects.length > 0 && violation(`${one} ${what}, and the tracker was told.`, {}, one, effects)
    );
  });
const falseHaveNoEffect = reachNoTracker(({ args }) => isFalse(args) && `is ${args.how}`);
const judgedOnce = reachNoTracker(({ args, error }) => !isFalse(args) && error?.code === 400 && "was refused");
const othersAreIgnored = reachNoTracker((one) => !isRouted(one) && "is of another type");
const falseAreRefused = deliver.every(
  (one) =>
    isFalse(one.args) &&
    one.route === undefined &&
    one.outcome === "ok" &&
    violation(`${one} was believed.`, { expected: "400" }, one),
);
const nothingUndelivered = checks.noSpuriousEffects(
  groupBy({ of: [deliver], by: ({ event, how }) => (event.type === FAILED && !(how in FALSE) ? event.invoice : "") }),
);
const effectsCarry = checks.effectsCarry(invoices, (entry, { operations }) => {
  if (entry.system !== "mail") return undefined;
  const asked = operations.filter(({ id }) => id === entry.operation);
  return asked.map(({ args }) => ({ to: args.event.to ?? BILLING }));
});
// --- the property

const of = (event: Event, how = "signed", delayMs = 0) => deliver({ event, how, delayMs });
const [failure, payment] = [of(E1), of(PAYMENT)];
const call = (n: number) => at.externalCall("o1", n);
const each = (signings: Readonly<Record<string, Signing>>, of: (how: string) => ReturnType<typeof deliver>) =>
  Object.fromEntries(Object.keys(signings).map((how, n) => [`o${n + 1}`, of(how)]));
/** Waits, without standing still. */
const tenthsOfASecond = (count: number) =>
  Object.fromEntries(
    Array.from({ length: count }, (_, n) => n + 1).flatMap((n) => {
      const pause = of(PAID_TOO, "signed", 100).via("later");
      return [
        [`w${n}`, n > 1 ? pause.after(`a${n - 1}`) : pause],
        [`a${n}`, attach(`w${n}`).after(`w${n}`)],
      ] as const;
    }),
  );
const isEscalated = ({ effects }: Invoice) => effects.some(({ step }) => step === "alerts raise");

property("what Stripe tells is processed once, and nobody else is believed", {
  pattern: "webhook-callbacks",
  settings: {
    STRIPE_WEBHOOK_SECRET: SECRET,
    STRIPE_WEBHOOK_TOLERANCE: TOLERANCE,
    REMINDER_INTERVAL: DAY,
    BILLING_ADDRESS: BILLING,
    ...fastRetries,
  },
  operations: { deliver, malformed },
  storm: { operations: 7 },
  anyInput: [CALL],
  goesOn: true,
  invariants: {
    "acknowledged is processed": acknowledgedIsProcessed,
    "a failure is followed up": failureIsFollowed,
    "a payment ends it": paymentEndsIt,
    "an event is processed once": eventProcessedOnce,
    "false deliveries are refused": falseAreRefused,
    "false deliveries have no effect": falseHaveNoEffect,
    "freshness is judged once": judgedOnce,
    "other types are ignored": othersAreIgnored,
    "nothing undelivered is processed": nothingUndelivered,
    "effects carry what was told": effectsCarry,
  },
  scenarios: {
    "a payment fails": scenario({ o1: failure }).reachedWhen(invoices.some(isEscalated)),
    "every genuine delivery is believed": scenario(each(GENUINE, (how) => of(E1, how))),
    "every false delivery is refused": scenario(each(FALSE, (how) => of(E1, how).refusedWith(400))),
    "a false payment is refused": scenario(oneByOne(failure, of(PAYMENT, "forged").refusedWith(400))),
    "other types are ignored": scenario(oneByOne(...OTHERS.map((event) => of(event)))),
    "one event is delivered at once": scenario({ o1: failure, o2: failure, o3: failure }),
    "one event is delivered again and again": scenario(
      oneByOne(failure, failure.after(call(1)), of(E2), failure.after(call(4)), of(E2)),
    ),
    "an event is delivered after restarts": scenario(
      { o1: failure, o2: failure.after(call(1)), o3: failure.after(call(4)) },
      faults.killServer.after(at.answered("o1")),
      faults.killEndpoint.after(call(2)),
    ),
    "ids differ in case only": scenario({ o1: failure, o2: of(E4) }),
    "the payment overtakes the failure": scenario(oneByOne(payment, failure)),
    "the payment comes after a reminder": scenario({
      o1: failure,
      o2: payment.after(call(1)),
      o3: failure.after("o2"),
    }),
    "a delivery is abandoned, and comes again": scenario(
      oneByOne(failure, failure),
      faults.walkAway.after(at.invoked("o1")),
    ),
    "one way": scenario({ o1: of(UNADDRESSED, "signed", 20).via("later"), o2: attach("o1") }),
    "too old when its turn comes": scenario({
      o1: of(E1, "barely", 1500).via("later"),
      o2: attach("o1").refusedWith(400),
    }),
    "too old when it is tried again": scenario(
      { ...tenthsOfASecond(8), o3: of(E1, "barely").after("a8") },
      faults.killServer.after(at.message("o3", 1)),
    ),
    "too old when it is tried again, and accepted before": scenario(
      { ...tenthsOfASecond(8), o3: of(E1, "barely").after("a8") },
      faults.killServer.after(at.message("o3", 3)),
    ),
    ...disturbances("a delivery is verified", failure, { message: 2 }),
    ...disturbances("a delivery is passed on", failure, { message: 3 }),
    ...disturbances("the tracker takes note", failure, { message: 3, child: 1 }),
    "cancelled while it is verified": scenario({ o1: failure, o2: cancel("o1").after(at.message("o1", 1)) }),
    "cancelled twice": scenario({
      o1: failure,
      o2: cancel("o1").after(at.message("o1", 2)),
      o3: cancel("o1").after("o2"),
      o4: failure.after("o3"),
    }),
    "terminated when it is passed on": scenario({
      o1: failure,
      o2: terminate("o1").after(at.message("o1", 3)),
      o3: failure.after("o2"),
    }),
  },
});
