import type { Mutant } from "../harness/stack/index.ts";

const router = "src/webhook-callbacks/router.ts";
const delivery = "src/webhook-callbacks/delivery.ts";
const tracker = "src/scheduled-tasks/payment-tracker.ts";

export const mutants: Mutant[] = [
  {
    name: "signature not verified",
    file: delivery,
    find: 'webhooks.constructEvent(body as Buffer, signature ?? "", secret, tolerance)',
    replace: "webhooks.constructEventWithoutVerification(Buffer.from(body).toString())",
    breaks: ["false deliveries are refused", "false deliveries have no effect"],
  },
  {
    name: "delivery without a signature believed",
    file: router,
    find: "const content = await",
    replace: 'const content = signature === undefined ? JSON.parse(Buffer.from(body).toString("utf8") || "{}") : await',
    breaks: ["false deliveries are refused", "false deliveries have no effect", "bad input is refused"],
  },
  {
    name: "tolerance in milliseconds",
    file: delivery,
    find: "secret, tolerance)",
    replace: "secret, tolerance * 1000)",
    breaks: ["false deliveries are refused", "false deliveries have no effect"],
    note: "Stripe's client takes seconds",
  },
  {
    name: "signature of the content, and not of the body",
    file: delivery,
    find: "body as Buffer",
    replace: "JSON.stringify(JSON.parse(Buffer.from(body).toString()))",
    breaks: ["fails for a reason", "false deliveries are refused", "false deliveries have no effect"],
  },
  {
    name: "only the first signature looked at",
    file: delivery,
    find: 'signature ?? ""',
    replace: '(signature ?? "").split(",").slice(0, 2).join(",")',
    breaks: ["fails for a reason"],
    note: "while a secret is being rolled, the other one may come first",
  },
  {
    name: "refused signature acknowledged",
    file: router,
    find: "() => verifiedEvent(body, signature))",
    replace: '() => verifiedEvent(body, signature)).catch(() => ({ type: "ignored" }))',
    breaks: ["false deliveries are refused"],
    note: "it swallows a cancellation as well",
  },
  {
    name: "passed on before it is verified",
    file: router,
    find: 'const content = await ctx.run("verify", () => verifiedEvent(body, signature));',
    replace: `const content = JSON.parse(Buffer.from(body).toString() || "{}");
        if (content.type === "invoice.payment_failed" && content.data?.object?.id)
          ctx.objectSendClient(paymentTracker, content.data.object.id).onPaymentFailure(content);
        await ctx.run("verify", () => verifiedEvent(body, signature));`,
    breaks: ["false deliveries have no effect"],
  },
  {
    name: "freshness judged by each attempt",
    file: router,
    find: 'await ctx.run("verify", () => verifiedEvent(body, signature))',
    replace: "verifiedEvent(body, signature)",
    breaks: ["replays deterministically", "terminates", "freshness is judged once"],
    note: "an attempt is repeated when the tolerance is over",
  },
  {
    name: "refusal retried for ever",
    file: delivery,
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is code
    find: "throw new TerminalError(`Stripe-Signature, or the body that it is for: ${reason}`, { errorCode: 400 });",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is code
    replace: "throw new Error(`Stripe-Signature, or the body that it is for: ${reason}`);",
    breaks: ["terminates"],
  },
  {
    name: "other events taken for payments",
    file: router,
    find: "        if (!isRouted(read(StripeEvent, content).type)) return;\n        const event = read(InvoiceEvent, content);",
    replace: `        const { type } = read(StripeEvent, content);
        if (!type.startsWith("invoice.")) return;
        const event = read(InvoiceEvent.extend({ type: StripeEvent.shape.type }), content);`,
    breaks: ["other types are ignored", "acknowledged is processed"],
  },
  {
    name: "other events refused",
    file: router,
    find: "        if (!isRouted(read(StripeEvent, content).type)) return;\n",
    replace: "",
    breaks: ["fails for a reason"],
    note: "Stripe would deliver them again for days",
  },
  {
    name: "payment ignored",
    file: router,
    find: "        else tracker.onPaymentSuccess(event);\n",
    replace: "",
    breaks: ["acknowledged is processed"],
  },
  {
    name: "payment taken for a failure",
    file: router,
    find: "else tracker.onPaymentSuccess(event);",
    replace: "else tracker.onPaymentFailure(event);",
    breaks: ["acknowledged is processed", "nothing undelivered is processed"],
  },
  {
    name: "invoice in lower case",
    file: router,
    find: "paymentTracker, event.data.object.id)",
    replace: "paymentTracker, event.data.object.id.toLowerCase())",
    breaks: ["acknowledged is processed", "a failure is followed up"],
  },
  {
    name: "tracker of the event in place of the invoice",
    file: router,
    find: "paymentTracker, event.data.object.id)",
    replace: "paymentTracker, event.id)",
    breaks: ["acknowledged is processed", "a failure is followed up", "nothing undelivered is processed"],
  },
  {
    name: "address of the customer lost on the way",
    file: router,
    find: "tracker.onPaymentFailure(event);",
    replace: "tracker.onPaymentFailure({ ...event, data: { object: {} } });",
    breaks: ["effects carry what was told"],
  },
  {
    name: "router remembers events in memory",
    file: router,
    find: "        const tracker = ctx.objectSendClient",
    replace: `        const seen: Set<string> = (globalThis as { seen?: Set<string> }).seen ??= new Set();
        if (seen.has(event.id)) return;
        seen.add(event.id);
        const tracker = ctx.objectSendClient`,
    breaks: ["acknowledged is processed", "replays deterministically"],
    note: "an attempt that is repeated finds that its event is known",
  },
  {
    name: "idempotency key of the type of the event",
    file: router,
    find: "tracker.onPaymentFailure(event);",
    replace: "tracker.onPaymentFailure(event, restate.rpc.sendOpts({ idempotencyKey: event.type }));",
    breaks: ["acknowledged is processed"],
  },
  {
    name: "tracker does not remember events",
    file: tracker,
    find: "        if (isKnown) return;\n",
    replace: "",
    breaks: ["an event is processed once"],
    note: "a delivery comes again when its chain of reminders is over",
  },
  {
    name: "tracker remembers events in memory",
    file: tracker,
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is code
    find: "const isKnown = await ctx.get(`event/${id}`);",
    replace:
      "const known: Set<string> = (globalThis as { known?: Set<string> }).known ??= new Set(); const isKnown = known.has(id); known.add(id);",
    breaks: ["an event is processed once", "a failure is followed up"],
    note: "a process is killed",
  },
];
