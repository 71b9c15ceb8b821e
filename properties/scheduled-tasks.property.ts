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
  ids,
  type LedgerRecord,
  type OperationRecord,
  oneByOne,
  operation,
  property,
  scenario,
  terminate,
  violation,
  world,
} from "../harness/index.ts";

/** Milliseconds: far above what a real server takes for a step, and not so many that a run seems to stand still meanwhile. */
const DAY = 60;
const BILLING = "billing@own.example";

// --- what clients do

type Event = { event: string; to: string | null };
type Delivery = { invoice: string; of: Event; isKeyed: boolean; delayMs: number };
const E1 = { event: "@e1", to: "ann@one.example" };
const E2 = { event: "x/@e1", to: "Ann@Two.example" }; // of "@i1", as E1 of "@i1/x"
const UNADDRESSED = { event: "@e3", to: null };
const UNDELIVERABLE = { event: "@e4", to: world.UNKNOWN_ADDRESS };
const PAID = { event: "@s1", to: null };

function onPayment(handler: string, weight: number, ...events: Delivery["of"][]) {
  const request = ({ invoice, of: { event, to }, isKeyed }: Delivery) => ({
    call: `paymentTracker/${handler}`,
    key: invoice,
    input: { id: event, data: { object: { id: invoice, customer_email: to } } },
    ...(isKeyed && { idempotencyKey: event }),
  });
  return operation({
    weight,
    args: fc.record({
      invoice: ids("@i1", "@i1", "@I1", "@i1/x"),
      of: fc.constantFrom(...events),
      isKeyed: fc.boolean(),
      delayMs: fc.constantFrom<number[]>(0, 20, 80, 100),
    }),
    request,
    routes: { later: (delivery) => ({ ...request(delivery), send: { delayMs: delivery.delayMs } }) },
    identity: ({ invoice, of, isKeyed }) => (isKeyed ? `${handler} ${of.event} of ${invoice}` : undefined),
    // all is written at once, or nothing
    undoneByCancel: true,
  });
}
const failed = onPayment("onPaymentFailure", 5, E1, E1, E2, E2, UNADDRESSED, UNDELIVERABLE);
const paid = onPayment("onPaymentSuccess", 2, PAID, { event: "@s2", to: null });

const by = ({ invoice }: Delivery) => invoice;
const invoices = groupBy({ of: [failed, paid], by });
type Invoice = Group<typeof failed>;

const remindersOf = ({ effects }: Invoice) => effects.filter(({ step }) => step === "mail send");
const escalationsOf = ({ effects }: Invoice) => effects.filter(({ step }) => step === "alerts raise");

/** Where a client heard that what it had sent was processed, and not only taken; Infinity when none did. */
const processedAt = ({ id, route, completed, outcome }: OperationRecord<unknown, unknown>, { attached }: Invoice) =>
  Math.min(
    route === undefined && outcome === "ok" ? completed : Number.POSITIVE_INFINITY,
    ...attached.filter((one) => one.of === id && one.outcome === "ok").map((one) => one.completed),
  );
const settledAt = (invoice: Invoice): number =>
  Math.min(...paid.among(invoice.operations).map((one) => processedAt(one, invoice)));

// --- what must hold

const atMostThree = invoices.every((invoice) => {
  const reminders = remindersOf(invoice);
  const summary = `${invoice.key} was reminded of ${reminders.length} times.`;
  return reminders.length > 3 && violation(summary, { expected: "three times at most" }, reminders);
});

/** A reminder says which it is. */
const eachOnce = checks.effectsOnce(invoices, {
  required: () => ["Reminder 1 of 3", "Reminder 2 of 3", "Reminder 3 of 3"],
  effect: (entry) => entry.text("subject"),
  isDue: () => false,
});

const escalatedOnceAfterThree = invoices.every((invoice) => {
  const [first, ...others] = escalationsOf(invoice);
  const before = remindersOf(invoice).filter(({ index }) => first && index < first.index);
  if (!first || (others.length === 0 && before.length === 3)) return undefined;
  const summary = `${invoice.key} was escalated ${checks.times(1 + others.length)}, after ${before.length} reminders.`;
  return violation(summary, { expected: "once, after three" }, before, first, others);
});

/**
 * A failure that was processed, or taken and left alone, is followed by three reminders and an escalation, unless it may have
 * been paid. Where a mail could not be delivered, that is certain only of an event that was new after that, and of what
 * has begun. Whoever was terminated may have been the one that was to go on.
 */
const noneIsLost = invoices.every((invoice) => {
  const { key, operations, effects, ledger, interruptions } = invoice;
  if (paid.among(operations).some(({ outcome }) => outcome !== "fail")) return undefined;
  const told = failed.among(operations);
  const undeliverable = told.flatMap(({ id, args }) => (args.of.to === UNDELIVERABLE.to ? [id] : []));
  const isRefusal = ({ type, operation = "" }: LedgerRecord) => type === "refusal" && undeliverable.includes(operation);
  const refused = ledger.findLast(isRefusal)?.index ?? -1;
  const isCertain = (one: (typeof told)[number]) =>
    (one.isInterrupted ? Number.isFinite(processedAt(one, invoice)) : one.outcome === "ok") &&
    one.invoked > refused &&
    !told.some(({ args, invoked }) => args.of.event === one.args.of.event && invoked < refused);
  const certain = [...told.filter(isCertain).map(({ completed }) => completed), ...effects.map(({ index }) => index)];
  const begun = Math.min(...certain);
  const isBroken = interruptions.some(
    ({ kind, outcome, of }) =>
      kind === "terminate" && outcome !== "fail" && told.some(({ id, invoked }) => id === of && invoked < begun),
  );
  const seen = `${remindersOf(invoice).length} and ${escalationsOf(invoice).length}`;
  if (certain.length === 0 || isBroken || seen === "3 and 1") return undefined;
  return violation(`Reminders and escalations of ${key} were ${seen}.`, { expected: "3 and 1", seen }, begun, effects);
});

const nothingStartsAfterSuccess = invoices.every((invoice) => {
  const settled = settledAt(invoice);
  const late = invoice.ledger.find(({ type, index }) => type !== "repeat" && index > settled);
  return late && violation(`"${late.step}" came after ${invoice.key} was known to be paid.`, {}, settled, late);
});
const lateFailureStartsNothing = invoices.every((invoice, view) => {
  const settled = settledAt(invoice);
  const begun = invoice.ledger.find(({ operation }) => (view.operation(operation ?? "")?.invoked ?? 0) > settled);
  return begun && violation(`A failure came after ${invoice.key} was paid, and began something.`, {}, settled, begun);
});

const furtherFailuresJoin = checks.ofOneRequest(invoices, ({ type }, { key }) =>
  type === "effect" ? `The reminding of ${key}` : undefined,
);
/** However often, and whenever, it is delivered. */
const eventProcessedOnce = checks.ofOneRequest(invoices, ({ operation }, { operations }) => {
  const delivery = failed.among(operations).find(({ id }) => id === operation);
  return delivery && `The event ${delivery.args.of.event}`;
});

const addressed = checks.effectsCarry(invoices, ({ system, operation }, { operations }) => {
  const asked = failed.among(operations).filter(({ id }) => id === operation);
  return system === "mail" ? asked.map(({ args }) => ({ to: args.of.to ?? BILLING })) : undefined;
});
const invoiceNamed = invoices.every(({ key, effects }) => {
  const other = effects.find((one) => !(one.text("text") ?? one.text("summary"))?.includes(key));
  return other && violation(`"${other.step}" is about ${key}, and does not say so.`, { expected: key }, other);
});

// --- the property

const plain = { invoice: "@i1", of: E1, isKeyed: false, delayMs: 0 };
const failure = failed(plain);
const [keyed, folded] = [failed({ ...plain, isKeyed: true }), failed({ ...plain, invoice: "@I1", of: E2 })];
const [further, unaddressed] = [failed({ ...plain, of: E2 }), failed({ ...plain, of: UNADDRESSED })];
const [undeliverable, elsewhere] = [failed({ ...plain, of: UNDELIVERABLE }), failed({ ...plain, invoice: "@i1/x" })];
const [success, soon] = [paid({ ...plain, of: PAID }), paid({ ...plain, of: PAID, delayMs: 80 }).via("later")];
const call = (n: number) => at.externalCall("o1", n);
const sixTimes = [2, 3, 4, 5, 6, 7].map((n) => faults.failCall.before(call(n)));

/** An invoice came to so many reminders and escalations, and no further. */
const cameTo = (reminders: number, escalations: number, isSo = (_: Invoice) => true) =>
  invoices.some(
    (one) => remindersOf(one).length === reminders && escalationsOf(one).length === escalations && isSo(one),
  );
const isPaid = (invoice: Invoice) => Number.isFinite(settledAt(invoice));
const isRefused = ({ ledger }: Invoice) => ledger.some(({ type }) => type === "refusal");
const paidAfter = (reminders: number) =>
  scenario({ o1: failure, o2: success.after(call(reminders)) }).reachedWhen(cameTo(reminders, 0, isPaid));

property("a failed payment is reminded of three times and then escalated, until it is made", {
  pattern: "scheduled-tasks",
  settings: { REMINDER_INTERVAL: DAY, BILLING_ADDRESS: BILLING, ...fastRetries },
  operations: { failed, paid },
  storm: { operations: 7 },
  goesOn: true,
  invariants: {
    "at most three reminders": atMostThree,
    "each reminder effectively once": eachOnce,
    "one escalation, after three reminders": escalatedOnceAfterThree,
    "none is lost": noneIsLost,
    "nothing starts after success": nothingStartsAfterSuccess,
    "a late failure starts nothing": lateFailureStartsNothing,
    "further failures join the chain": furtherFailuresJoin,
    "an event is processed once": eventProcessedOnce,
    "effects carry what was asked": addressed,
    "effects name their invoice": invoiceNamed,
    "never closer than the interval": checks.apart(invoices, DAY),
    "no spurious effects": checks.noSpuriousEffects(groupBy({ of: [failed], by })),
  },
  scenarios: {
    "nobody pays": scenario({ o1: failure }).reachedWhen(cameTo(3, 1)),
    "invoices and events look alike": scenario({ o1: further, o2: elsewhere, o3: folded }),
    "two failures come at once": scenario({ o1: unaddressed, o2: further }),
    "failures come between the reminders": scenario({
      o1: failure,
      o2: further.after(call(1)),
      o3: failure.after(call(2)),
      o4: unaddressed.before(call(3)),
    }),
    "failures come after the escalation": scenario(oneByOne(failure, further.after(call(4)), failure)),
    "a delivery is repeated": scenario(oneByOne(keyed, keyed, failure), faults.walkAway.after(at.invoked("o1"))),
    "paid after the first reminder": paidAfter(1),
    "paid after the second reminder": paidAfter(2),
    "paid before the escalation": paidAfter(3),
    "paid after the escalation": scenario({ o1: failure, o2: success.after(call(4)), o3: further.after("o2") }),
    "paid while a reminder is sent": scenario({ o1: failure, o2: success.before(call(2)) }),
    "paid between the reminders": scenario({ o1: failure, o2: soon.after("o1"), o3: attach("o2").after("o2") }),
    "success overtakes its failure": scenario(oneByOne(success, failure)).reachedWhen(cameTo(0, 0, isPaid)),
    "failures come after success": scenario(oneByOne(failure, success.after(call(1)), failure, further)).reachedWhen(
      cameTo(1, 0, isPaid),
    ),
    "a mail is refused, and its event comes again": scenario({
      o1: undeliverable,
      o2: failure.after(call(1)).by("c2"),
      o3: undeliverable.by("c2"),
    }).reachedWhen(cameTo(3, 1, isRefused)),
    "mails are refused, and an event comes again": scenario({
      o1: undeliverable,
      o2: failed({ ...plain, of: { ...UNDELIVERABLE, event: "@e5" } }).after(call(1)),
      o3: undeliverable.after(at.externalCall("o2", 1)),
    }),
    "a mail is refused twice": scenario(
      { o1: undeliverable, o2: undeliverable.after(call(2)) },
      faults.killEndpoint.after(call(1)),
    ).reachedWhen(cameTo(0, 0, isRefused)),
    ...disturbances("a failure is noted", failure, { message: 3 }),
    ...disturbances("a reminder is sent", failure, { call: 2, message: 3, child: 2 }),
    ...disturbances("an invoice is escalated", failure, { call: 4, message: 3, child: 4 }),
    "a reminder fails six times": scenario({ o1: failure }, ...sixTimes),
    "a failure is cancelled while it waits": scenario(
      { o1: failure, o2: further.via("later").after(call(1)), o3: cancel("o2").after("o2") },
      faults.answerLate.after(call(1)).until(at.answered("o3")),
    ),
    "cancelled twice when it is noted, and delivered again": scenario(
      oneByOne(failure, cancel("o1").after(at.message("o1", 1)), cancel("o1"), failure),
    ),
    "terminated when it is noted": scenario(
      oneByOne(failure, terminate("o1").after(at.message("o1", 3)), further.after("o2")),
      faults.killEndpoint.after(at.message("o1", 3)),
    ),
    "a success is terminated": scenario({
      o1: failure,
      o2: success,
      o3: terminate("o2").after(at.message("o2", 1)),
    })
      .inOrder(at.after(at.answered("o3")), at.before(at.message("o2", 2)))
      .reachedWhen(paid.some((one) => one.isTerminated && one.outcome === "info")),
  },
});
