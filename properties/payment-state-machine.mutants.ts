import type { Mutant } from "../harness/stack/index.ts";

const accounts = "src/payment-state-machine/accounts.ts";
const payments = "src/payment-state-machine/payments.ts";

export const mutants: Mutant[] = [
  {
    name: "cancellation that overtook its payment forgotten",
    file: payments,
    find: 'if (status) return { status: status === "COMPLETED" ? "completed" : "cancelled" };',
    replace: 'if (status === "COMPLETED") return { status: "completed" };',
    breaks: ["cancelled nets to zero", "conservation", "linearizable"],
  },
  {
    name: "payment with other content taken for a new one",
    file: payments,
    find: "        if (status) return {",
    replace:
      '        const known = await ctx.get("payment");\n        if (status && (!known || known.amountCents === request.amount)) return {',
    breaks: ["at most one movement", "conservation", "cancelled nets to zero", "answers are truthful", "linearizable"],
    note: "the same payment id comes twice, with different amounts",
  },
  {
    name: "money withdrawn one way",
    file: payments,
    find: "await untilSettled(ctx.objectClient(accounts, accountId).withdraw(amount));",
    replace: "ctx.objectSendClient(accounts, accountId).withdraw(amount);",
    breaks: ["answers are truthful", "conservation"],
    note: "the account does not hold the amount",
  },
  {
    name: "cancelled payment walks away from its withdrawal",
    file: payments,
    find: "await untilSettled(ctx.objectClient(accounts, accountId).withdraw(amount));",
    replace: "await ctx.objectClient(accounts, accountId).withdraw(amount);",
    breaks: ["conservation", "answers are truthful"],
    note: "the invocation of the payment is cancelled while the withdrawal runs, and the withdrawal succeeds",
  },
  {
    name: "payment recorded before the money moved",
    file: payments,
    find: "        const { accountId, amount } = request;\n",
    replace:
      '        const { accountId, amount } = request;\n        ctx.set("status", "COMPLETED");\n        ctx.set("payment", { accountId, amountCents: amount });\n',
    breaks: ["conservation", "cancelled nets to zero", "answers are truthful", "linearizable"],
    note: "the account does not hold the amount; the cancellation then gives back what was never taken",
  },
  {
    name: "payments under way remembered in memory",
    file: payments,
    find: '        const status = await ctx.get("status");\n        if (status)',
    replace: `        const seen = ((globalThis as { paymentsSeen?: Set<string> }).paymentsSeen ??= new Set());
        const status = seen.has(ctx.key) ? ((await ctx.get("status")) ?? "COMPLETED") : await ctx.get("status");
        seen.add(ctx.key);
        if (status)`,
    breaks: ["answers are truthful", "conservation", "linearizable", "replays deterministically", "terminates"],
    note: "an attempt is repeated in the same process and believes that it is done",
  },
  {
    name: "random receipt in the state",
    file: payments,
    find: '        ctx.set("payment", { accountId, amountCents: amount });\n',
    replace:
      '        ctx.set("payment", Object.assign({ accountId, amountCents: amount }, { receipt: crypto.randomUUID() }));\n',
    breaks: ["replays deterministically", "terminates"],
    note: "an attempt ends after the payment was recorded, and the next one records another receipt",
  },
  {
    name: "every cancellation refunds",
    file: payments,
    find: 'if (status === "COMPLETED" && payment) {',
    replace: "if (payment) {",
    breaks: ["cancelled nets to zero", "conservation"],
    note: "a payment is cancelled twice",
  },
  {
    name: "expired token keeps its status",
    file: payments,
    find: '      ctx.clear("status");\n',
    replace: "",
    breaks: ["linearizable", "answers are truthful", "conservation"],
    note: "the id is used again after it expired",
  },
  {
    name: "account refuses only when it is empty",
    file: accounts,
    find: "if (balance < amount) {",
    replace: "if (balance <= 0) {",
    breaks: ["no negative balance"],
  },
  {
    name: "balance written before it is checked",
    file: accounts,
    find: "        const balance = await balanceOf(ctx);\n",
    replace: '        const balance = await balanceOf(ctx);\n        ctx.set("balance", balance - amount);\n',
    breaks: ["no negative balance", "conservation", "answers are truthful"],
    note: "an error is answered although the effect stands: Restate does not roll back",
  },
  {
    name: "insufficient funds thrown as an error that is retried",
    file: accounts,
    find: 'throw new restate.TerminalError("insufficient funds", { errorCode: INSUFFICIENT_FUNDS });',
    replace: 'throw new Error("insufficient funds");',
    breaks: ["terminates"],
  },
  {
    name: "last cent cannot be taken",
    file: accounts,
    find: "if (balance < amount) {",
    replace: "if (balance <= amount) {",
    breaks: ["too little only when there is"],
    note: "all that there is on the account is asked for",
  },
];
