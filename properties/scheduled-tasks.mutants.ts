import type { Mutant } from "../harness/stack/index.ts";

const tracker = "src/scheduled-tasks/payment-tracker.ts";

export const mutants: Mutant[] = [
  {
    name: "four reminders",
    file: tracker,
    find: "if (sent === REMINDERS) {",
    replace: "if (sent > REMINDERS) {",
    breaks: ["at most three reminders", "each reminder effectively once", "one escalation, after three reminders"],
  },
  {
    name: "two reminders",
    file: tracker,
    find: "if (sent === REMINDERS) {",
    replace: "if (sent === REMINDERS - 1) {",
    breaks: ["one escalation, after three reminders", "none is lost"],
  },
  {
    name: "escalated at once after the last reminder",
    file: tracker,
    find: "sendOpts({ delay: reminderInterval() })",
    replace: "sendOpts({ delay: sent + 1 < REMINDERS ? reminderInterval() : 0 })",
    breaks: ["never closer than the interval"],
  },
  {
    name: "delay dropped",
    file: tracker,
    find: "remind(event, restate.rpc.sendOpts({ delay: reminderInterval() }))",
    replace: "remind(event)",
    breaks: ["never closer than the interval"],
  },
  {
    name: "interval in seconds",
    file: tracker,
    find: "sendOpts({ delay: reminderInterval() })",
    replace: "sendOpts({ delay: { seconds: reminderInterval() } })",
    breaks: ["none is lost"],
    note: "the next reminder comes in a thousand days",
  },
  {
    name: "interval measured from before the mail",
    file: tracker,
    find: `        try {
          if (sent === REMINDERS) {`,
    replace: `        if (sent < REMINDERS) ctx.objectSendClient(paymentTracker, ctx.key).remind(event, restate.rpc.sendOpts({ delay: reminderInterval() }));
        try {
          if (sent === REMINDERS) {`,
    breaks: ["never closer than the interval"],
    note: "a mail takes longer than the interval; the next one is sent at once",
  },
  {
    name: "all reminders planned at once",
    file: tracker,
    find: "        ctx.objectSendClient(paymentTracker, ctx.key).remind(id);\n",
    replace: `        for (let day = 0; day <= REMINDERS; day++)
          ctx.objectSendClient(paymentTracker, ctx.key).remind(id, restate.rpc.sendOpts({ delay: day * reminderInterval() }));
`,
    breaks: ["never closer than the interval"],
  },
  {
    name: "further failure begins a chain of its own",
    file: tracker,
    find: '(await ctx.get("closed")) ?? (await ctx.get("chain"));',
    replace: 'await ctx.get("closed");',
    breaks: ["further failures join the chain"],
  },
  {
    name: "escalation not remembered",
    file: tracker,
    find: '            ctx.set("closed", "escalated");\n',
    replace: '            ctx.clear("chain");\n',
    breaks: ["one escalation, after three reminders", "further failures join the chain"],
    note: "it fails again after the escalation",
  },
  {
    name: "success deletes the state",
    file: tracker,
    find: 'ctx.set("closed", "paid");',
    replace: "ctx.clearAll();",
    breaks: ["nothing starts after success", "a late failure starts nothing"],
    note: "a late failure finds nothing, and begins anew",
  },
  {
    name: "late failure opens the invoice again",
    file: tracker,
    find: "        if (isOver) return;\n",
    replace: '        if (isOver && isOver !== "paid") return;\n        ctx.clear("closed");\n',
    breaks: ["nothing starts after success", "a late failure starts nothing"],
  },
  {
    name: "payment looked at only when a failure comes",
    file: tracker,
    find: 'if ((await ctx.get("closed")) || chain?.event !== event) return;',
    replace: "if (chain?.event !== event) return;",
    breaks: ["nothing starts after success"],
  },
  {
    name: "payment not looked at before the escalation",
    file: tracker,
    find: 'if ((await ctx.get("closed")) || chain?.event !== event) return;',
    replace:
      'if (chain?.event !== event || ((await ctx.get("closed")) && (await ctx.get("reminders")) !== REMINDERS)) return;',
    breaks: ["nothing starts after success", "one escalation, after three reminders"],
  },
  {
    name: "reminded from a plain call, outside of ctx.run",
    file: tracker,
    find: "return untilSettled(ctx.run(name, () => action(tag).catch(endOnRefusal), externalRetries()));",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is code
    replace: "return action({ ...tag, key: `${tag.key}/${crypto.randomUUID()}` }).catch(endOnRefusal);",
    breaks: [
      "each reminder effectively once",
      "one escalation, after three reminders",
      "never closer than the interval",
    ],
    note: "an attempt is repeated",
  },
  {
    name: "key of the mail not stable",
    file: tracker,
    find: "action(tag)",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is code
    replace: "action({ ...tag, key: `${tag.key}/${crypto.randomUUID()}` })",
    breaks: [
      "each reminder effectively once",
      "one escalation, after three reminders",
      "never closer than the interval",
    ],
    note: "an answer is lost",
  },
  {
    name: "key shared by all invoices",
    file: tracker,
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is code
    find: "`${spell(ctx.key)}/${spell(event)}/${name}`",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is code
    replace: "`${spell(event)}/${name}`",
    breaks: ["none is lost", "no spurious effects"],
    note: "two invoices have an event of the same id, and the second one's mail is refused",
  },
  {
    name: "key of the mail in lower case",
    file: tracker,
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is code
    find: "`${spell(ctx.key)}/${spell(event)}/${name}`",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is code
    replace: "`${spell(ctx.key)}/${spell(event)}/${name}`.toLowerCase()",
    breaks: ["none is lost", "no spurious effects"],
    note: "two invoices are told apart by the case of a letter, and have an event of the same id",
  },
  {
    name: "names run into each other in the key of the mail",
    file: tracker,
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is code
    find: "`${spell(ctx.key)}/${spell(event)}/${name}`",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is code
    replace: "`${ctx.key}/${event}/${name}`",
    breaks: ["none is lost", "no spurious effects"],
    note: "a slash stands in the name of an invoice, and in that of an event of another",
  },
  {
    name: "mail not awaited",
    file: tracker,
    find: "          await sendReminder(ctx, chain, sent + 1);",
    replace: "          sendReminder(ctx, chain, sent + 1).catch(() => {});",
    breaks: ["none is lost", "never closer than the interval", "terminates", "replays deterministically"],
    note: "the mail fails, or is answered late",
  },
  {
    name: "failed mail taken for sent",
    file: tracker,
    find: "action(tag).catch(endOnRefusal)",
    replace: "action(tag).catch(() => undefined)",
    breaks: ["none is lost"],
    note: "the mail system is unavailable for a moment",
  },
  {
    name: "given up after the second failure",
    file: tracker,
    find: "externalRetries()));",
    replace: "{ ...externalRetries(), maxRetryAttempts: 2 }));",
    breaks: ["none is lost"],
    note: "the mail system is unavailable twice",
  },
  {
    name: "given up after the fifth failure",
    file: tracker,
    find: "externalRetries()));",
    replace: "{ ...externalRetries(), maxRetryAttempts: 5 }));",
    breaks: ["none is lost"],
    note: "the mail system is unavailable for longer",
  },
  {
    name: "refusal retried for ever",
    file: tracker,
    find: "action(tag).catch(endOnRefusal)",
    replace: "action(tag)",
    breaks: ["terminates"],
    note: "a mail cannot be delivered",
  },
  {
    name: "refused chain taken for a running one",
    file: tracker,
    find: 'if (error instanceof restate.TerminalError) ctx.clear("chain");',
    replace: "",
    breaks: ["none is lost"],
    note: "an address is unknown, and the next failure has a good one",
  },
  {
    name: "events not remembered",
    file: tracker,
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is code
    find: "        ctx.set(`event/${id}`, true);\n",
    replace: "",
    breaks: ["an event is processed once"],
    note: "an event whose mail was refused is delivered again",
  },
  {
    name: "events remembered in memory",
    file: tracker,
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is code
    find: "const isKnown = await ctx.get(`event/${id}`);",
    replace: `const memory = ((globalThis as { events?: Set<string> }).events ??= new Set<string>());
        const isKnown = memory.has(ctx.key + id);
        memory.add(ctx.key + id);`,
    breaks: ["none is lost", "an event is processed once"],
    note: "the process is killed, or an attempt repeated",
  },
  {
    name: "only the last event remembered",
    file: tracker,
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is code
    find: "const isKnown = await ctx.get(`event/${id}`);",
    replace:
      'const isKnown = (await ctx.get("event/last" as const)) === (id as unknown as true);\n        ctx.set("event/last", id as unknown as true);',
    breaks: ["an event is processed once"],
    note: "two events are delivered in turn",
  },
  {
    name: "billing reminded in place of the customer",
    file: tracker,
    find: "to: data.object.customer_email ?? billingAddress()",
    replace: "to: billingAddress()",
    breaks: ["effects carry what was asked", "none is lost"],
  },
  {
    name: "address normalised",
    file: tracker,
    find: "to: data.object.customer_email ?? billingAddress()",
    replace: "to: (data.object.customer_email ?? billingAddress()).toLowerCase()",
    breaks: ["effects carry what was asked"],
  },
  {
    name: "invoice escaped in the text of a reminder",
    file: tracker,
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is code
    find: "The payment of invoice ${ctx.key}",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is code
    replace: "The payment of invoice ${spell(ctx.key)}",
    breaks: ["effects name their invoice"],
    note: "a slash stands in the name",
  },
  {
    name: "invoice in lower case in an escalation",
    file: tracker,
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is code
    find: "Invoice ${ctx.key} is",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is code
    replace: "Invoice ${ctx.key.toLowerCase()} is",
    breaks: ["effects name their invoice"],
  },
];
