import fc from "fast-check";
import { z } from "zod";
import {
  at,
  cancel,
  checks,
  disturbances,
  eventIn,
  fastRetries,
  faults,
  fieldOf,
  type Group,
  groupBy,
  ids,
  type Json,
  type OperationRecord,
  oneByOne,
  operation,
  property,
  REFUSED_FORGERY,
  scenario,
  stripeDeliveries,
  subjectOf,
  terminate,
  violation,
  world,
} from "../harness/index.ts";

const [SECRET, TOLERANCE, DECLINE] = ["whsec_stormproof", 300, "requires_payment_method"];
const [REFUSED, NOT_PAID, FAILED, ENDED] = [400, 402, 500, 409];
const [VISA, DECLINED, BANK] = ["pm_card_visa", "pm_card_visa_chargeDeclined", "pm_usBankAccount_success"];

// --- what clients do

type Payment = { payment: string; method: string; amount: string; delayed: string | boolean | null };
const VISA_NOW: Payment = { payment: "@p1", method: VISA, amount: "500", delayed: null };
const keyOf = ({ payment, method, amount, delayed }: Payment) => `${payment} ${method} ${amount} ${delayed}`;

const delayedStatus = ({ delayed }: Payment) => (delayed === null ? {} : { delayedStatus: delayed });

const pay = operation({
  weight: 5,
  args: fc.record({
    payment: ids("@p1", "@p2"),
    method: ids(VISA, VISA, DECLINED, BANK, "pm_none", world.FAILS_BEFORE_CHARGE, world.FAILS_AFTER_CHARGE),
    // a text, so that shrinking leaves it alone: Stripe takes no less than 50
    amount: ids("500", "1250"),
    delayed: fc.constantFrom(null, null, true, "succeeded", DECLINE, "canceled"),
  }),
  request: (one: Payment) => ({
    call: "stripePayments/processPayment",
    input: { paymentMethodId: one.method, amount: Number(one.amount), ...delayedStatus(one) },
    idempotencyKey: keyOf(one),
  }),
  answer: z.strictObject({ paymentIntentId: z.string(), status: z.literal("succeeded") }),
  undoneByCancel: true,
});

// --- what Stripe tells, and what others would have it told

const ENDS = ["payment_intent.succeeded", "payment_intent.payment_failed", "payment_intent.canceled"] as const;
const TYPES = [...world.PAYMENT_INTENT_EVENTS, "charge.failed", "of.tomorrow"] as const;
const answer = z.strictObject({ received: z.literal(true) });
const stripe = stripeDeliveries({ call: "stripePayments/processWebhook", secret: SECRET, types: ENDS, answer });
const { webhook, redeliver, forge } = stripe;

/** None is the id of an awakeable but the last one, of an invocation that never was. */
const AWAKEABLES = ["", "sign_1", ...["AA", "", "ER", "EQ"].map((end) => `sign_1${"A".repeat(36)}${end}`)];
const OURS = "ours";
const OBJECTS = [OURS, null, {}, ...[null, ...AWAKEABLES].map((id) => ({ metadata: { restate_callback_id: id } }))];
/** What Stripe tells of others' payments, and what is no end of ours. */
const foreign = operation({
  answer,
  args: fc.record({ type: fc.constantFrom<string[]>(...TYPES), object: fc.constantFrom<Json[]>(...OBJECTS) }),
  request({ type, object }, { now, webhooks }) {
    const told = object === OURS && !ENDS.some((end) => end === type) ? webhooks.at(-1) : undefined;
    const about = told ? { ...subjectOf(told.content), status: DECLINE } : object;
    return stripe.signed(world.stripeEvent({ id: "evt_0", type, object: about, created: 0 }), now);
  },
});

// --- what became of a payment

const payments = groupBy({
  of: [pay],
  by: keyOf,
  effectsBy({ operation }, { operations }) {
    const one = pay.among(operations).find(({ id }) => id === operation);
    return one && keyOf(one.args);
  },
  failsWith: (group) => ({ [endOf(group).code]: true }),
});
type Paid = Group<typeof pay>;

/** What Stripe says of a payment: where it came to an end, if it did, and the code that tells its caller. */
function endOf({ ledger, effects }: Paid): { index: number; code: number } {
  const tried = ledger.filter(({ action, type }) => type !== "repeat" && ["confirm", "settle"].includes(action));
  const end = tried.find((entry) => entry.text("state") !== "processing");
  if (end) return { index: end.index, code: end.text("state") === "succeeded" ? 200 : NOT_PAID };
  const refusal = ledger.find(({ action, data }) => action === "create" && fieldOf(data, "status") === REFUSED);
  if (refusal) return { index: refusal.index, code: REFUSED };
  return { index: effects.find(({ action }) => action === "create")?.index ?? Infinity, code: FAILED };
}
const codeOf = ({ result, error }: OperationRecord<Payment, unknown>) => (result === undefined ? error?.code : 200);
const isCancelled = (one: Paid["operations"][number]) => codeOf(one) === ENDED && one.isInterrupted;
/** The payment intents of a payment that have kept money, or may still be paid. */
const kept = ({ latest }: Paid) =>
  latest.filter((entry) => {
    const isRefunded = fieldOf(entry.data, "amountReceived") === fieldOf(entry.data, "amountRefunded");
    return entry.text("state") === "succeeded" ? !isRefunded : entry.text("state") !== "canceled";
  });

// --- what must hold

/** Whoever was not cancelled is told what Stripe says, once it says so; and who has paid has paid once. */
const outcomeIsThatOfStripe = payments.every((group, view) => {
  const [{ code, index }, states] = [endOf(group), kept(group).map((entry) => entry.text("state"))];
  for (const one of group.operations) {
    const told = codeOf(one);
    if (told === undefined || isCancelled(one) || group.isTerminated) continue;
    const expected = index < checks.heardAt(one, view) ? code : "an end, first";
    if (told === expected && (told !== 200 || states.join() === "succeeded")) continue;
    const summary = `${one} was told ${told} of a payment of which Stripe says otherwise.`;
    return violation(summary, { expected, seen: told }, one, group.ledger);
  }
  return undefined;
});

/** What failed, or was cancelled, keeps no money and cannot be paid any more. */
const nothingKept = (isConcerned: (one: Paid["operations"][number]) => boolean) =>
  payments.every((group) => {
    const [[left], one] = [kept(group), group.operations.find((one) => one.error && isConcerned(one))];
    const isPaid = group.operations.some(({ result }) => result !== undefined);
    if (!left || !one || isPaid || group.isTerminated) return undefined;
    return violation(`${one} failed, and its payment intent is ${left.text("state")}.`, {}, one, left);
  });

/** The slow path: an end that no answer can have told, nor a look-up, is told by a delivery that was not refused. */
const onlyStripeCompletes = payments.every(({ args: { method }, operations, effects }, view) => {
  const slow = effects.find((one) => method !== world.FAILS_AFTER_CHARGE && one.text("state") === "processing");
  const told = [...webhook.among(view.operations), ...redeliver.among(view.operations)].filter((one) => {
    const { type, object } = eventIn(one);
    return (!one.error || one.isTerminated) && object.id === slow?.key && ENDS.some((end) => end === type);
  });
  const isTold = (end: number) => told.some(({ invoked }) => invoked < end);
  const unheard = operations.find((one) => {
    const end = checks.heardAt(one, view);
    return slow && Number.isFinite(end) && !one.isTerminated && !isTold(end);
  });
  return unheard && violation(`${unheard} heard of an end that no delivery had told.`, {}, unheard, slow);
});

// --- the property

const by = (method: string, more = {}) => pay({ ...VISA_NOW, method, ...more });
const [now, declined] = [by(VISA), by(DECLINED)];
const later = (delayed: string | true = true) => by(VISA, { delayed });
const again = (more = {}) => redeliver({ back: 0, age: 0, secrets: [SECRET], ...more });
const call = (n: number) => at.externalCall("o1", n);
/** After these it has been told that the payment is processed, and how it ends. */
const [charge, refund, processing, end] = [call(1), call(3), at.webhook("o1", 2), at.webhook("o1", 3)];
const withheld = faults.withholdWebhook.before(end);
/** The client asks once more by itself. */
const lostAt = (n: number) => [call(n), call(n + 1)].map((lost) => faults.loseAnswer.after(lost));
/** Many at the same time, and before them a payment that is processed. */
const whileProcessed = (delayed: string, drafts: (typeof now)[]) =>
  scenario(
    { o1: later(delayed), ...Object.fromEntries(drafts.map((one, n) => [`o${n + 2}`, one.after(processing)])) },
    withheld,
  );
const isUndone = (action: string) =>
  payments.some(({ isCancelled, effects }) => isCancelled && effects.some((entry) => entry.action === action));

property("a payment is made once, and its caller is told what Stripe says", {
  pattern: "payment-signals",
  systems: [world.stripe({ settleAfterMs: 20, keyInUseMs: 80 })],
  settings: fastRetries,
  operations: { pay, webhook, redeliver, forge, foreign },
  anyInput: ["stripePayments/processWebhook"],
  storm: { operations: 6 },
  invariants: {
    "one payment intent": checks.effectsOnce(payments, {
      required: () => ["create"],
      effect: ({ action }) => (action === "create" ? action : undefined),
    }),
    "the outcome is that of Stripe": outcomeIsThatOfStripe,
    "only Stripe completes a payment": onlyStripeCompletes,
    "a cancelled payment keeps no money": nothingKept(isCancelled),
    "a failed payment cannot be paid any more": nothingKept((one) => !isCancelled(one)),
    "a forged webhook is refused": checks.returns(forge, () => REFUSED_FORGERY),
    "effects carry what was asked": checks.effectsCarry(payments, ({ action }, { args: { method, amount } }) => ({
      amount: Number(amount),
      currency: "usd",
      ...(action === "create" && { paymentMethod: method }),
    })),
    "no spurious effect": checks.noSpuriousEffects(payments),
  },
  scenarios: {
    "paid, declined and refused at once": scenario(
      oneByOne(now, declined.refusedWith(NOT_PAID), by("pm_none").refusedWith(REFUSED)),
    ),
    "the end is told later": scenario({ o1: later("succeeded"), o2: by(BANK) }),
    "another end is told later": scenario(
      oneByOne(...[DECLINE, "canceled"].map((end) => later(end).refusedWith(NOT_PAID))),
    ),
    "asked for again": scenario({ o1: later(), o2: later().after(charge), o3: later().after("o1") }),
    "an answer is lost, and its key is still in use": scenario({ o1: now }, ...lostAt(1)).reachedWhen(
      payments.some(({ ledger }) => ledger.some(({ data }) => fieldOf(data, "status") === 409)),
    ),
    "Stripe fails, and has charged": scenario({ o1: by(world.FAILS_AFTER_CHARGE) }),
    "Stripe fails, and has not charged": scenario({ o1: by(world.FAILS_BEFORE_CHARGE).refusedWith(FAILED) }),
    "Stripe fails, and processes": scenario({ o1: by(world.FAILS_AFTER_CHARGE, { delayed: true }) }),
    "the webhook overtakes the answer": scenario({ o1: later() }, faults.answerLate.after(charge)),
    "the webhook comes again": scenario({ o1: later(), o2: again().after(end) }, faults.repeatWebhook.after(end)),
    "events come out of order": scenario(
      { o1: later(), o2: again().before(processing) },
      faults.withholdWebhook.before(processing),
    ),
    "Restate restarts while the payment is processed": scenario({ o1: later() }, faults.killServer.after(charge)),
    "the service restarts while the payment is processed": scenario({ o1: later() }, faults.killEndpoint.after(charge)),
    "a secret is rolled": whileProcessed("succeeded", [
      again({ secrets: ["whsec_old", SECRET] }),
      again({ secrets: [SECRET, "whsec_new"] }),
    ]),
    "ends are forged while the payment is processed": whileProcessed(
      DECLINE,
      world.FORGERIES.map((forgery) => forge({ forgery, type: ENDS[0], back: 0 })),
    ),
    "others' events, and what is no end": whileProcessed("succeeded", [
      ...OBJECTS.map((object) => foreign({ type: ENDS[0], object })),
      ...TYPES.map((type) => foreign({ type, object: OURS })),
    ]),
    "accepted just before it is stale, and tried again when it is": scenario(
      { o1: later(), o2: again({ age: TOLERANCE }).before(end) },
      withheld,
      faults.killServer.after(at.answered("o1")),
    ).inOrder(at.after(at.answered("o1")), at.before(at.message("o2", 4))),
    "cancelled while the charge is on its way": scenario(
      { o1: now, o2: cancel("o1").before(charge) },
      faults.stall.before(charge),
    ).reachedWhen(isUndone("refund")),
    "cancelled twice while it is processed": scenario(
      { o1: later(), o2: cancel("o1").after(processing), o3: cancel("o1").after("o2") },
      withheld,
    ).reachedWhen(isUndone("refund")),
    "cancelled, and declined": scenario({ o1: later(DECLINE), o2: cancel("o1").after(processing) }).reachedWhen(
      isUndone("cancel"),
    ),
    "cancelled again while the money is given back, which fails": scenario(
      { o1: now, o2: cancel("o1").after(charge), o3: cancel("o1").before(refund) },
      faults.failCall.before(refund),
    ).reachedWhen(isUndone("refund")),
    "the answer to a refund is lost": scenario({ o1: now, o2: cancel("o1").after(charge) }, ...lostAt(3)),
    "terminated under way": scenario({ o1: later(), o2: terminate("o1").after(processing) }),
    ...disturbances("a payment is made", now, { call: 1, message: 3 }),
    ...disturbances("a declined payment is closed", declined, { call: 3, message: 5 }),
    ...disturbances("an event is told", again(), { message: 2 }),
  },
});
