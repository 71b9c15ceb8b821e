import type { Mutant } from "../harness/stack/index.ts";

const payments = "src/payment-signals/payments.ts";
const intents = "src/payment-signals/intents.ts";
const settlement = "src/payment-signals/settlement.ts";
const verification = "src/external/stripe-webhook.ts";

export const mutants: Mutant[] = [
  {
    name: "idempotency key made anew in each attempt",
    file: payments,
    find: "key: ctx.rand.uuidv4()",
    replace: "key: crypto.randomUUID()",
    breaks: ["one payment intent"],
    note: "the process dies while it charges",
  },
  {
    name: "idempotency key not sent",
    file: intents,
    find: "paymentIntents.create(parameters, { idempotencyKey: mark.key })",
    replace: "paymentIntents.create(parameters)",
    breaks: ["one payment intent"],
    note: "the answer of the charge is lost",
  },
  {
    name: "charged outside of ctx.run",
    file: payments,
    find: 'const charged = ctx.run("charge", () => charge(payment, mark), externalRetries());',
    replace: `const asked = await charge(payment, { ...mark, key: crypto.randomUUID() });
  const charged = ctx.run("charge", () => asked);`,
    breaks: ["one payment intent"],
    note: "any attempt that is repeated charges again",
  },
  {
    name: "key in use taken for a refusal",
    file: intents,
    find: ' || code === "idempotency_key_in_use"',
    replace: ' || code === "lock_timeout"',
    breaks: ["the outcome is that of Stripe", "a failed payment cannot be paid any more"],
    note: "an answer is lost, and Stripe is still busy when it is asked again",
  },
  {
    name: "stored failure retried for ever",
    file: intents,
    find: "    if (isStoredFailure(error)) return chargeOf(await lookUp(mark));\n",
    replace: "",
    breaks: ["terminates"],
  },
  {
    name: "stored failure taken for a failed payment",
    file: intents,
    find: "if (isStoredFailure(error)) return chargeOf(await lookUp(mark));",
    replace: "if (isStoredFailure(error)) return chargeOf(undefined);",
    breaks: ["the outcome is that of Stripe", "a failed payment cannot be paid any more"],
    note: "Stripe failed after it had charged",
  },
  {
    name: "what is processing taken for paid",
    file: intents,
    find: 'if (status === "processing") return { id, status: "processing" };',
    replace: 'if (status === "processing") return { id, status: "succeeded" };',
    breaks: ["the outcome is that of Stripe"],
  },
  {
    name: "any event of a payment completes it",
    file: settlement,
    find: 'type: z.enum(["payment_intent.succeeded", "payment_intent.payment_failed", "payment_intent.canceled"]),',
    replace: 'type: z.string().startsWith("payment_intent."),',
    breaks: ["the outcome is that of Stripe"],
    note: "the event that it is processing is taken for a decline",
  },
  {
    name: "event judged by the status of its intent",
    file: settlement,
    find: "SettlementEvent.safeParse(event)",
    replace: `SettlementEvent.safeParse({
    ...event,
    type: {
      succeeded: "payment_intent.succeeded",
      canceled: "payment_intent.canceled",
      requires_payment_method: "payment_intent.payment_failed",
    }[event.data.object?.status],
  })`,
    breaks: ["the outcome is that of Stripe"],
    note: "an intent waits for a payment method, and was not declined",
  },
  {
    name: "decline answered as a success",
    file: settlement,
    find: "return { callback, settlement: notPaid(error?.message",
    replace:
      'return { callback, settlement: { status: "succeeded" } };\n  return { callback, settlement: notPaid(error?.message',
    breaks: ["the outcome is that of Stripe"],
  },
  {
    name: "decline thrown as an error that is retried",
    file: payments,
    find: "throw new restate.TerminalError(settled.reason, { errorCode: settled.code });",
    replace: "throw new Error(settled.reason);",
    breaks: ["terminates"],
  },
  {
    name: "declined payment left open for another method",
    file: payments,
    find: "if (id !== undefined) await",
    replace: "if (id !== undefined && cancellation) await",
    breaks: ["a failed payment cannot be paid any more"],
  },
  {
    name: "cancelled payment walks away from its charge",
    file: payments,
    find: "    return end(untilSettled);",
    replace: "    throw error;",
    breaks: ["a cancelled payment keeps no money"],
  },
  {
    name: "second cancellation ends the wait for the charge",
    file: payments,
    find: "return end(untilSettled);",
    replace:
      "return end(async (promise) => promise.map((value, failure) => { if (failure) throw failure; return value as never; }));",
    breaks: ["a cancelled payment keeps no money"],
    note: "the payment is cancelled twice while it is processed",
  },
  {
    name: "a further cancellation ends the refund",
    file: payments,
    find: 'await untilSettled(ctx.run("take back", () => takeBack(id), externalRetries()));',
    replace: 'await ctx.run("take back", () => takeBack(id), externalRetries());',
    breaks: ["a cancelled payment keeps no money", "a failed payment cannot be paid any more"],
  },
  {
    name: "refund given up after one attempt",
    file: payments,
    find: "takeBack(id), externalRetries())",
    replace: "takeBack(id), { ...externalRetries(), maxRetryAttempts: 1 })",
    breaks: ["a cancelled payment keeps no money", "a failed payment cannot be paid any more"],
    note: "the payment is cancelled, and Stripe fails once",
  },
  {
    name: "what is processing cancelled at once, and its refusal ignored",
    file: payments,
    find: 'answer.status === "processing" ? { ...(await waiting(webhook.promise)), id: answer.id } : answer;',
    replace: `answer.status === "processing" && !cancellation
      ? { ...(await waiting(webhook.promise)), id: answer.id }
      : { status: "failed", code: 402, reason: "cancelled", ...("reason" in answer ? answer : {}) };`,
    breaks: ["a cancelled payment keeps no money"],
  },
  {
    name: "refund that was made before taken for a failure",
    file: intents,
    find: ".catch(unlessRefunded);",
    replace: ";",
    breaks: ["terminates"],
    note: "the answer to a refund is lost",
  },
  {
    name: "signature not verified",
    file: verification,
    find: "  read(body, header, ANY_AGE);\n  // the age counts at the first attempt: one that is made much later must not refuse what was accepted, and acted upon\n  return read(body, header, webhookTolerance(), await ctx.date.now());",
    replace: "  return JSON.parse(new TextDecoder().decode(body));",
    breaks: ["a forged webhook is refused", "only Stripe completes a payment", "the outcome is that of Stripe"],
  },
  {
    name: "forged event acted upon before it is refused",
    file: payments,
    find: "  const told = settlementIn(await verifiedEvent(ctx, body));\n  if (told)",
    replace: "  const told = settlementIn(JSON.parse(new TextDecoder().decode(body)));\n  if (told)",
    breaks: ["the outcome is that of Stripe", "only Stripe completes a payment"],
  },
  {
    name: "age of a signature not judged",
    file: verification,
    find: "webhookTolerance()",
    replace: "ANY_AGE",
    breaks: ["a forged webhook is refused"],
  },
  {
    name: "clock read after the step, and not in it",
    file: verification,
    find: "await ctx.date.now()",
    replace: 'await ctx.run("received", () => {}).then(() => Date.now())',
    breaks: ["replays deterministically", "terminates"],
    note: "Restate restarts once it has completed the payment, and a second later the signature is stale",
  },
  {
    name: "any text taken for an awakeable",
    file: settlement,
    find: "[CALLBACK]: AwakeableId",
    replace: "[CALLBACK]: z.string()",
    breaks: ["terminates"],
  },
  {
    name: "event of others refused",
    file: payments,
    find: "  if (told) ctx.resolveAwakeable(",
    replace: '  if (!told) throw new restate.TerminalError("not ours", { errorCode: 404 });\n  ctx.resolveAwakeable(',
    breaks: ["fails for a reason"],
  },
  {
    name: "events that were seen remembered in memory",
    file: payments,
    find: "  if (told) ctx.resolveAwakeable(",
    replace: `  const seen = ((processWebhook as { seen?: Set<string> }).seen ??= new Set());
  if (told && seen.has(told.callback)) return { received: true };
  if (told) seen.add(told.callback);
  if (told) ctx.resolveAwakeable(`,
    breaks: ["terminates"],
    note: "an attempt dies once it has remembered",
  },
  {
    name: "payment taken back by whoever hears of its decline",
    file: payments,
    find: "  const told = settlementIn(await verifiedEvent(ctx, body));\n",
    replace: `  const event = await verifiedEvent(ctx, body);
  const told = settlementIn(event);
  if (told?.settlement.status === "failed")
    await ctx.run("take back", () => takeBack(event.data.object.id), externalRetries());
`,
    breaks: ["no spurious effect"],
  },
  {
    name: "amount charged in another unit",
    file: intents,
    find: "    amount,\n    currency",
    replace: "    amount: amount * 100,\n    currency",
    breaks: ["effects carry what was asked"],
  },
  {
    name: "half of the money given back",
    file: intents,
    find: "refunds.create({ payment_intent: id })",
    replace: "refunds.create({ payment_intent: id, amount: 250 })",
    breaks: ["a cancelled payment keeps no money"],
  },
];
