import fc from "fast-check";
import { z } from "zod";
import {
  at,
  cancel,
  checks,
  delivery,
  disturbances,
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
  scenario,
  terminate,
  violation,
  world,
} from "../harness/index.ts";

const [SECRET, TOLERANCE] = ["whsec_stormproof", 300];
const [REFUSED, NOT_PAID, FAILED, ENDED] = [400, 402, 500, 409];
const [VISA, DECLINED, BANK] = ["pm_card_visa", "pm_card_visa_chargeDeclined", "pm_usBankAccount_success"];

// --- what clients do

type Payment = { payment: string; method: string; amount: string; delayed: string | boolean | null };
const VISA_NOW: Payment = { payment: "@p1", method: VISA, amount: "500", delayed: null };
const keyOf = ({ payment, method, amount, delayed }: Payment) => `${payment} ${method} ${amount} ${delayed}`;

const pay = operation({
  weight: 5,
  args: fc.record({
    payment: ids("@p1", "@p2"),
    method: ids(VISA, VISA, DECLINED, BANK, "pm_none", world.FAILS_BEFORE_CHARGE, world.FAILS_AFTER_CHARGE),
    // a text, so that shrinking leaves it alone: Stripe takes no less than 50
    amount: ids("500", "1250"),
    delayed: fc.constantFrom(null, null, true, "succeeded", "requires_payment_method", "canceled"),
  }),
  request: (args: Payment) => ({
    call: "stripePayments/processPayment",
    input: {
      paymentMethodId: args.method,
      amount: Number(args.amount),
      ...(args.delayed !== null && { delayedStatus: args.delayed }),
    },
    idempotencyKey: keyOf(args),
  }),
  answer: z.strictObject({ paymentIntentId: z.string(), status: z.literal("succeeded") }),
  undoneByCancel: true,
});

// --- what Stripe tells, and what others would have it told

const Event = z.object({
  type: z.string(),
  data: z.object({
    object: z.record(
      z.string(),
      z.json().transform((value): Json => value),
    ),
  }),
});
const signed = (event: Json, seconds: number, secrets = [SECRET]) => ({
  call: "stripePayments/processWebhook",
  ...world.signedDelivery(event, secrets, seconds),
});
const secondsOf = (now: number, ago = 0) => Math.floor(now / 1000) - ago;
const acknowledged = { answer: z.strictObject({ received: z.literal(true) }) };

const webhook = delivery({ ...acknowledged, request: ({ content }, { now }) => signed(content, secondsOf(now)) });

const nobodys = (type: string, object: Json) => world.stripeEvent({ id: "evt_0", type, object, created: 0 });
const latest = (webhooks: readonly { content: Json }[], back: number): Json =>
  webhooks.at(-1 - (back % (webhooks.length || 1)))?.content ?? nobodys("payment_intent.succeeded", {});

/** Something that was told, once more: early, late or out of order; perhaps just before it is stale. */
const redeliver = operation({
  ...acknowledged,
  args: fc.record({
    back: fc.nat(4),
    age: fc.constantFrom(0, TOLERANCE),
    secrets: fc.constantFrom<string[][]>([SECRET], ["whsec_old", SECRET], [SECRET, "whsec_new"]),
  }),
  request: ({ back, age, secrets }, { now, webhooks }) => signed(latest(webhooks, back), secondsOf(now, age), secrets),
  failsWith: ({ args }) => (args.age > 0 ? [REFUSED] : []),
});

const TRICKS = ["other secret", "no signature", "no header", "altered", "stale", "stale with a new time"] as const;
/** An end that Stripe has not told, about an intent of which it has told something; or what it told, long ago. */
const forge = operation({
  answer: z.json(),
  args: fc.record({
    trick: fc.constantFrom(...TRICKS),
    end: fc.constantFrom("succeeded", "payment_failed", "canceled"),
    back: fc.nat(4),
  }),
  request({ trick, end, back }, { now, webhooks }) {
    const { object } = Event.parse(latest(webhooks, back)).data;
    const event = nobodys(`payment_intent.${end}`, { ...object, status: end });
    const [genuine, old] = [signed(event, secondsOf(now)), signed(event, secondsOf(now, TOLERANCE + 10))];
    const signature = old.headers["stripe-signature"]?.replace(/^t=\d+/, `t=${secondsOf(now)}`) ?? "";
    if (trick === "other secret") return signed(event, secondsOf(now), ["whsec_other"]);
    if (trick === "no signature") return signed(event, secondsOf(now), []);
    if (trick === "no header") return { ...genuine, headers: { "content-type": "application/json" } };
    if (trick === "altered") return { ...signed(latest(webhooks, back), secondsOf(now)), body: genuine.body };
    return trick === "stale" ? old : { ...old, headers: { ...old.headers, "stripe-signature": signature } };
  },
  answerOf: ({ code }) => (code === REFUSED ? "refused" : undefined),
  interruptions: false,
});

const awakeables = [
  "",
  "none",
  "sign_1",
  `sign_1${"A".repeat(38)}`,
  `sign_1${"A".repeat(36)}ER`,
  `sign_1${"A".repeat(36)}EQ`,
];
const OBJECTS = [null, {}, { metadata: null }, ...awakeables.map((id) => ({ metadata: { restate_callback_id: id } }))];
const TYPES = [...world.PAYMENT_INTENT_EVENTS, "invoice.paid", "of.tomorrow"] as const;
/** What Stripe tells of others' payments, and of other things. */
const foreign = operation({
  ...acknowledged,
  args: fc.record({ type: fc.constantFrom(...TYPES), object: fc.constantFrom<Json[]>(...OBJECTS) }),
  request: ({ type, object }, { now }) => signed(nobodys(type, object), secondsOf(now)),
});

// --- what became of a payment

const payments = groupBy({
  of: [pay],
  by: keyOf,
  effectsBy({ operation = "" }, view) {
    const [one] = pay.among([view.operation(operation)].filter((found) => found !== undefined));
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
const amountIn = (entry: { data: Json | undefined }, field: string) => Number(fieldOf(entry.data, field) ?? 0);
/** The payment intents of a payment that have kept money, or may still be paid. */
const kept = ({ latest }: Paid) =>
  latest.filter(
    (entry) =>
      entry.text("state") !== "canceled" &&
      (entry.text("state") !== "succeeded" || amountIn(entry, "amountReceived") > amountIn(entry, "amountRefunded")),
  );

// --- what must hold

/** Whoever was not cancelled is told what Stripe says, once it says so; and the money is where he thinks it is. */
const outcomeIsThatOfStripe = payments.every((group, view) => {
  if (group.isTerminated) return undefined;
  for (const one of group.operations) {
    if (codeOf(one) === undefined || isCancelled(one)) continue;
    const { code, index } = endOf(group);
    const [told, expected] = [codeOf(one) ?? 0, index < checks.heardAt(one, view) ? code : "an end, first"];
    const isPaid = kept(group).length === 1 && kept(group)[0]?.text("state") === "succeeded";
    if (told === expected && (told !== 200 || isPaid)) continue;
    return violation(
      `${one} was told ${told} of a payment of which Stripe says otherwise.`,
      { expected, seen: told },
      one,
      group.ledger,
    );
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

const ENDS = ["payment_intent.succeeded", "payment_intent.payment_failed", "payment_intent.canceled"];
/** The payment intent of whose end a delivery tells. */
function endTold({ request }: OperationRecord<unknown, unknown>): Json | undefined {
  const { type, data } = Event.parse(JSON.parse(request?.body ?? ""));
  return ENDS.includes(type) ? data.object.id : undefined;
}
/** The slow path: an end that was not in the answer is told by a delivery that was not refused. */
const onlyStripeCompletes = payments.every(({ operations, effects }, view) => {
  const slow = effects.find((entry) => entry.text("state") === "processing");
  const isTold = (one: OperationRecord<unknown, unknown>, before: number) =>
    one.outcome !== "fail" && one.invoked < before && endTold(one) === slow?.key;
  const unheard = operations.find((one) => {
    const end = checks.heardAt(one, view);
    const told = [...webhook.among(view.operations), ...redeliver.among(view.operations)];
    return slow && Number.isFinite(end) && !one.isTerminated && !told.some((other) => isTold(other, end));
  });
  return unheard && violation(`${unheard} heard of an end that no delivery had told.`, {}, unheard, slow);
});

// --- the property

const now = pay(VISA_NOW);
const by = (method: string, more = {}) => pay({ ...VISA_NOW, method, ...more });
const later = (delayed: string | true = true) => pay({ ...VISA_NOW, delayed });
const again = (more = {}) => redeliver({ back: 0, age: 0, secrets: [SECRET], ...more });
const [charge, undo] = [at.externalCall("o1", 1), at.externalCall("o1", 3)];
/** It is processed, and how it ends has not been told. */
const processing = at.webhook("o1", 2);
const end = at.webhook("o1", 3);
const withheld = faults.withholdWebhook.before(end);

property("a payment is made once, and its caller is told what Stripe says", {
  pattern: "payment-signals",
  systems: [world.stripe({ settleAfterMs: 20, keyInUseMs: 10 })],
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
    "a forged webhook is refused": checks.returns(forge, () => "refused"),
    "effects carry what was asked": checks.effectsCarry(payments, ({ action }, { args: { method, amount } }) =>
      action === "create"
        ? { amount: Number(amount), currency: "usd", paymentMethod: method }
        : { amount: Number(amount) },
    ),
    "no spurious effect": checks.noSpuriousEffects(payments),
  },
  scenarios: {
    "paid, declined and refused at once": scenario(
      oneByOne(now, by(DECLINED).refusedWith(NOT_PAID), by("pm_none").refusedWith(REFUSED)),
    ),
    "the end is told later": scenario({
      o1: later("succeeded"),
      o2: later("requires_payment_method").refusedWith(NOT_PAID),
      o3: later("canceled").refusedWith(NOT_PAID),
      o4: by(BANK),
    }),
    "asked for again": scenario({ o1: later(), o2: later().after(charge), o3: later().after("o1") }),
    "an answer is lost, and its key is still in use": scenario(
      { o1: now },
      faults.loseAnswer.after(charge),
      faults.loseAnswer.after(at.externalCall("o1", 2)),
    ).reachedWhen(payments.some(({ ledger }) => ledger.some(({ data }) => fieldOf(data, "status") === 409))),
    "Stripe fails, and has charged": scenario({ o1: by(world.FAILS_AFTER_CHARGE) }),
    "Stripe fails, and has not charged": scenario({ o1: by(world.FAILS_BEFORE_CHARGE).refusedWith(FAILED) }),
    "Stripe fails, and has charged in secret": scenario(
      { o1: by(world.FAILS_AFTER_CHARGE, { delayed: true }) },
      faults.loseAnswer.after(charge),
      faults.loseAnswer.after(at.externalCall("o1", 2)),
    ),
    "the webhook overtakes the answer": scenario({ o1: later() }, faults.answerLate.after(charge)),
    "the webhook comes twice": scenario({ o1: later(), o2: again().after(end) }, faults.repeatWebhook.after(end)),
    "events come out of order": scenario(
      { o1: later(), o2: again().before(processing) },
      faults.withholdWebhook.before(processing).until(end),
      withheld,
    ),
    "Restate restarts while the payment is processed": scenario({ o1: later() }, faults.killServer.after(charge)),
    "the service restarts while the payment is processed": scenario({ o1: later() }, faults.killEndpoint.after(charge)),
    "a secret is rolled": scenario({
      o1: later(),
      o2: again({ secrets: ["whsec_old", SECRET] }).after(end),
      o3: again({ secrets: [SECRET, "whsec_new"] }).after(end),
    }),
    "forged in every way, while the payment is processed": scenario(
      {
        o1: later("requires_payment_method"),
        ...Object.fromEntries(
          TRICKS.map((trick, n) => [`o${n + 2}`, forge({ trick, end: "succeeded", back: 0 }).after(processing)]),
        ),
      },
      withheld,
    ),
    "accepted just before it is stale, and tried again when it is": scenario(
      { o1: later(), o2: again({ age: TOLERANCE }).before(end) },
      withheld,
      faults.killServer.after(at.answered("o1")),
    ).inOrder(at.after(at.answered("o1")), at.before(at.message("o2", 4))),
    "others' events, and what Stripe tells besides": scenario(
      Object.fromEntries([
        ...OBJECTS.map((object, n) => [`o${n + 1}`, foreign({ type: "payment_intent.succeeded", object })] as const),
        ...TYPES.map((type, n) => [`p${n + 1}`, foreign({ type, object: OBJECTS.at(-1) ?? null })] as const),
      ]),
    ),
    "cancelled while the charge is on its way": scenario(
      { o1: now, o2: cancel("o1").before(charge) },
      faults.stall.before(charge),
    ),
    "cancelled when the charge was made": scenario({ o1: now, o2: cancel("o1").after(charge) }),
    "cancelled while it is processed, twice": scenario(
      { o1: later(), o2: cancel("o1").after(processing), o3: cancel("o1").after("o2") },
      withheld,
    ).reachedWhen(
      payments.some(({ isCancelled, effects }) => isCancelled && effects.some(({ action }) => action === "refund")),
    ),
    "cancelled while it is processed, and declined": scenario({
      o1: later("requires_payment_method"),
      o2: cancel("o1").after(processing),
    }),
    "cancelled again while the money is given back": scenario(
      { o1: now, o2: cancel("o1").after(charge), o3: cancel("o1").before(undo), o4: cancel("o1").after("o3") },
      faults.stall.before(undo),
    ),
    "cancelled while it is declined": scenario(
      { o1: by(DECLINED), o2: cancel("o1").before(at.externalCall("o1", 2)) },
      faults.stall.before(at.externalCall("o1", 2)),
    ),
    "the answer to a refund is lost": scenario(
      { o1: now, o2: cancel("o1").after(charge) },
      faults.loseAnswer.after(undo),
      faults.loseAnswer.after(at.externalCall("o1", 4)),
    ),
    "terminated while it is processed": scenario({ o1: later(), o2: terminate("o1").after(processing) }),
    ...disturbances("a payment is made", now, { call: 1, message: 3 }),
    ...disturbances("a declined payment is closed", by(DECLINED), { call: 3, message: 5 }),
    ...disturbances("an event is told", again(), { message: 2 }),
  },
});
