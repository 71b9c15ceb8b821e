import fc from "fast-check";
import {
  at,
  attach,
  cancel,
  checks,
  disturbances,
  fastRetries,
  faults,
  groupBy,
  type HistoryView,
  invalidInput,
  type OperationRecord,
  oneByOne,
  operation,
  property,
  scenario,
  terminate,
  violation,
  world,
} from "../harness/index.ts";

/** Milliseconds, and seconds. */
const [DAY, TOLERANCE] = [60, 300];
const [SECRET, ROLLED, FORGED] = ["whsec_current", "whsec_rolled", "whsec_forged"];

// --- what Stripe and others deliver

const CALL = "webhookCallbackRouter/onStripeEvent";
const FAILED = "invoice.payment_failed";
const PAID = "invoice.payment_succeeded";
const HANDLERS: Readonly<Record<string, string>> = { [FAILED]: "onPaymentFailure", [PAID]: "onPaymentSuccess" };
type Event = { id: string; type: string; invoice: string; to: string };
const failed = (id: string, invoice: string, to: string): Event => ({ id, type: FAILED, invoice, to });
const [E1, E2] = [failed("@e1", "@i1", "ann@one.example"), failed("@e2", "@i1", "Ann@Two.example")];
const E3 = failed("@e3", "@I1", "ben@one.example");
/** It alone is about its invoice: a refused mail ends the reminders. */
const UNDELIVERABLE = failed("@e4", "@i2", world.UNKNOWN_ADDRESS);
const PAYMENT = { id: "@s1", type: PAID, invoice: "@i1", to: E1.to };
const PAID_TOO: Event = { ...E1, id: "@o1", type: "invoice.paid" };
const OTHERS = [PAID_TOO, { ...E1, id: "@o2", type: "invoice.unheard_of" }];

const contentOf = ({ id, type, invoice, to }: Event) =>
  world.stripeEvent({ id, type, created: 0, object: { ...world.invoiceObject({ id: invoice }), customer_email: to } });

/** What is delivered, at a time in seconds. */
type Signing = (
  content: ReturnType<typeof contentOf>,
  now: number,
) => { headers: Record<string, string>; body: string };
type Signings = Readonly<Record<string, Signing>>;
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

const GENUINE: Signings = {
  signed,
  "signed with the old and the new secret": signedWith(ROLLED, SECRET),
  "signed with the new and the old secret": signedWith(SECRET, ROLLED),
  old: (content, now) => signed(content, now - TOLERANCE + 30),
};
/** It is fresh for another second at most. */
const BARELY: Signings = { barely: (content, now) => signed(content, now + 0.01 - TOLERANCE) };
const FALSE: Signings = {
  forged: signedWith(FORGED),
  "signed with a secret that was rolled out": signedWith(ROLLED),
  stale: (content, now) => signed(content, now - TOLERANCE - 1),
  unsigned: (content, now) => ({ ...signed(content, now), headers: {} }),
  "without a signature": signedWith(),
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
  "without an invoice": (content, now) => signed({ ...content, type: PAID, data: { object: { id: "" } } }, now),
};
const SIGNINGS: Signings = { ...GENUINE, ...FALSE, ...BARELY };

type Delivery = { event: Event; how: string; delayMs: number };
const request = ({ event, how }: Delivery, { now }: { now: number }) => ({
  call: CALL,
  ...(SIGNINGS[how] ?? signed)(contentOf(event), now / 1000),
});

const deliver = operation({
  args: fc.record({
    event: fc.constantFrom(E1, E1, E2, E3, E3, UNDELIVERABLE, PAYMENT, ...OTHERS),
    how: fc.oneof(...[GENUINE, GENUINE, FALSE, BARELY].map((some) => fc.constantFrom(...Object.keys(some)))),
    delayMs: fc.constantFrom(0, 20, 80),
  }),
  request,
  routes: { later: (delivery, context) => ({ ...request(delivery, context), send: { delayMs: delivery.delayMs } }) },
  failsWith: ({ args }) => (args.how in GENUINE ? [] : [400]),
  undoneByCancel: true,
});
type Delivered = OperationRecord<Delivery>;

/** Without a time of its own; what else is malformed is signed, and in `FALSE`. */
const malformed = invalidInput({ request: { call: CALL, body: "{" }, field: "Stripe-Signature" });

const invoices = groupBy({ of: [deliver], by: ({ event }) => event.invoice });

/** What trackers did on behalf of a delivery. */
const tracked = ({ id }: Delivered, { events }: HistoryView) =>
  events.flatMap((event, index) =>
    event.type === "attempt" && event.operation === id && event.child !== undefined ? [{ ...event, index }] : [],
  );
/** Where the tracker was done with what is delivered; Infinity when it never was. */
const processedAt = (one: Delivered, view: HistoryView): number => {
  const target = `paymentTracker/${one.args.event.invoice}/${HANDLERS[one.args.event.type]}`;
  const ends = tracked(one, view).filter((attempt) => attempt.phase === "ended" && attempt.target === target);
  return Math.min(...ends.map(({ index }) => index));
};
const isFalse = ({ args }: Delivered) => args.how in FALSE;
const isA = (type: string) => (one: Delivered) => one.args.event.type === type && !isFalse(one);
/** Somebody was told that it is taken. One that was sent one way is judged after that, and can be ended before. */
const isAcknowledged = (one: Delivered) =>
  one.outcome === "ok" && !isFalse(one) && (!one.route || (one.args.how !== "barely" && !one.isInterrupted));

// --- what must hold

/** By this delivery, or another one of the event. */
const acknowledgedIsProcessed = invoices.every(({ operations }, view) => {
  const processed = operations.filter((one) => Number.isFinite(processedAt(one, view)));
  const isProcessed = ({ args }: Delivered) => processed.some((one) => one.args.event.id === args.event.id);
  const lost = operations.find((one) => isAcknowledged(one) && one.args.event.type in HANDLERS && !isProcessed(one));
  return lost && violation(`${lost} was acknowledged, and its event never processed.`, {}, lost);
});
const failureIsFollowed = checks.effectsOnce(invoices, {
  required: () => ["Reminder 1 of 3", "Reminder 2 of 3", "Reminder 3 of 3", "alerts raise"],
  effect: (entry) => entry.text("subject") ?? entry.step,
  isDue: ({ operations, key }) =>
    key !== UNDELIVERABLE.invoice &&
    operations.some((one) => isA(FAILED)(one) && isAcknowledged(one)) &&
    !operations.some((one) => isA(PAID)(one) && one.outcome !== "fail"),
});
/** However often, and whenever, it is delivered. */
const eventProcessedOnce = checks.ofOneRequest(invoices, ({ operation }, { operations }) => {
  const delivery = operations.find(({ id }) => id === operation);
  return delivery && `The event ${delivery.args.event.id}`;
});

/** Deliveries that are so, as it is said of them, reach no tracker. */
const reachNoTracker = (areSo: (one: Delivered) => string | false) =>
  deliver.every((one, view) => {
    const [what, effects] = [areSo(one), tracked(one, view)];
    return what !== false && effects[0] && violation(`${one} ${what}, and a tracker was told of it.`, {}, one, effects);
  });
const falseHaveNoEffect = reachNoTracker((one) => isFalse(one) && `is ${one.args.how}`);
const judgedOnce = reachNoTracker((one) => !isFalse(one) && one.error?.code === 400 && "was refused");
const othersAreIgnored = reachNoTracker(({ args }) => !(args.event.type in HANDLERS) && "is of another type");
const falseAreRefused = deliver.every((one) => {
  const isBelieved = isFalse(one) && !one.route && one.outcome === "ok";
  return isBelieved && violation(`${one} is ${one.args.how}, and was acknowledged.`, { expected: "400" }, one);
});
const delivered = groupBy({
  of: [deliver],
  by: ({ event, how }) => (how in FALSE || event.type !== FAILED ? "" : event.invoice),
});
const effectsCarry = checks.effectsCarry(invoices, (entry, { operations }) => {
  if (entry.system !== "mail") return undefined;
  const asked = operations.filter(({ id }) => id === entry.operation);
  return asked.map(({ args }) => ({ to: args.event.to }));
});

// --- the property

const of = (event: Event, how = "signed", delayMs = 0) => deliver({ event, how, delayMs });
const [failure, payment, undeliverable] = [of(E1), of(PAYMENT), of(UNDELIVERABLE)];
const call = (n: number) => at.externalCall("o1", n);
const each = (signings: object, refusal?: number) =>
  oneByOne(...Object.keys(signings).map((how) => (refusal ? of(E1, how).refusedWith(refusal) : of(E1, how))));
/** Nearly a second, in which the run does not stand still: o1 to o18. */
const pauses = Array.from({ length: 9 }, (_, n) => [
  of(PAID_TOO, "signed", 100).via("later"),
  attach(`o${2 * n + 1}`),
]).flat();
const triedAgainLate = (message: number) =>
  scenario(oneByOne(...pauses, of(E1, "barely")), faults.killServer.after(at.message("o19", message)));

property("what Stripe tells is processed once, and nobody else is believed", {
  pattern: "webhook-callbacks",
  settings: {
    STRIPE_WEBHOOK_SECRET: SECRET,
    STRIPE_WEBHOOK_TOLERANCE: TOLERANCE,
    REMINDER_INTERVAL: DAY,
    ...fastRetries,
  },
  operations: { deliver, malformed },
  anyInput: [CALL],
  goesOn: true,
  invariants: {
    "acknowledged is processed": acknowledgedIsProcessed,
    "a failure is followed up": failureIsFollowed,
    "an event is processed once": eventProcessedOnce,
    "false deliveries are refused": falseAreRefused,
    "false deliveries have no effect": falseHaveNoEffect,
    "freshness is judged once": judgedOnce,
    "other types are ignored": othersAreIgnored,
    "nothing undelivered is processed": checks.noSpuriousEffects(delivered),
    "effects carry what was told": effectsCarry,
  },
  scenarios: {
    "a payment fails": scenario({ o1: failure }),
    "every genuine delivery is believed": scenario(each(GENUINE)),
    "every false delivery is refused": scenario(each(FALSE, 400)),
    "a false payment is refused": scenario(oneByOne(failure, of(PAYMENT, "forged").refusedWith(400))),
    "other types are ignored": scenario(oneByOne(...OTHERS.map((event) => of(event)))),
    "one event is delivered at once": scenario({ o1: undeliverable, o2: undeliverable, o3: undeliverable }),
    "one event is delivered again and again": scenario(
      oneByOne(failure, failure.after(call(1)), of(E2), failure.after(call(4)), of(E2)),
    ),
    "an event whose mail was refused comes again": scenario(oneByOne(undeliverable, undeliverable.after(call(1)))),
    "an event comes again after a restart": scenario(
      { o1: undeliverable, o2: undeliverable.after(call(2)) },
      faults.killEndpoint.after(call(1)),
    ),
    "an event comes again after Restate was restarted": scenario(
      { o1: failure, o2: failure.after(call(1)), o3: failure.after(call(4)) },
      faults.killServer.after(at.answered("o1")),
    ),
    "ids differ in case only": scenario({ o1: failure, o2: of(E3) }),
    "the payment overtakes the failure": scenario(oneByOne(payment, failure)),
    "the payment comes after a reminder": scenario(oneByOne(failure, payment.after(call(1)), failure)),
    "abandoned, and delivered again": scenario(oneByOne(failure, failure), faults.walkAway.after(at.invoked("o1"))),
    "one way": scenario({ o1: of(E2, "signed", 20).via("later"), o2: attach("o1") }),
    "too old when its turn comes": scenario(
      oneByOne(of(E1, "barely", 1500).via("later"), attach("o1").refusedWith(400)),
    ),
    "tried again when it is too old": triedAgainLate(1),
    "accepted, and tried again when it is too old": triedAgainLate(3),
    ...disturbances("a delivery is verified", failure, { message: 2 }),
    ...disturbances("a delivery is passed on", failure, { message: 3 }),
    ...disturbances("the tracker takes note", failure, { message: 3, child: 1 }),
    ...disturbances("a mail is sent", failure, { call: 1 }, { o2: of(E2).after(call(1)) }),
    "cancelled twice while it is verified": scenario(
      oneByOne(failure, cancel("o1").after(at.message("o1", 1)), cancel("o1"), failure),
    ).reachedWhen(deliver.some(({ error }) => error?.code === 409)),
    terminated: scenario(
      oneByOne(failure, terminate("o1").after(at.message("o1", 2)), failure.after("o2")),
    ).reachedWhen(deliver.some(({ isTerminated, outcome }) => isTerminated && outcome === "info")),
  },
});
