import fc from "fast-check";
import { z } from "zod";
import {
  at,
  cancel,
  checks,
  faults,
  fieldOf,
  groupBy,
  ids,
  type Json,
  type Model,
  type OperationRecord,
  operation,
  property,
  scenario,
  terminate,
  violation,
} from "../harness/index.ts";

/** In cents, on an account that was never used. */
const OPENING = 100;
const INSUFFICIENT_FUNDS = 402;

// --- what clients do

const payment = ids("@p1", "@p1", "@p2", "@p3");
const account = ids("@a1", "@a1", "@a2");
/** some that fit into an account several times, some that fit once or never */
const amount = fc.constantFrom<number[]>(1, 10, 30, 60, 100, 150);
const key = fc.option(ids("@k1", "@k2", "@k3"), { nil: "" });
const keyed = (key: string, ...rest: (string | number)[]) => (key ? { idempotencyKey: [key, ...rest].join("-") } : {});

const Answer = z.strictObject({ status: z.enum(["completed", "cancelled", "insufficient_funds"]) });
type Status = z.infer<typeof Answer>["status"];
/** Of all of these: when one is cancelled as an invocation, and fails, nothing has moved. */
const kind = { undoneByCancel: true };

const makePayment = operation({
  ...kind,
  weight: 6,
  args: fc.record({ payment, account, amount, key }),
  request: ({ payment, account, amount, key }) => ({
    call: "payments/makePayment",
    key: payment,
    input: { accountId: account, amount },
    ...keyed(key, payment, account, amount),
  }),
  answer: Answer,
});
const cancelPayment = operation({
  ...kind,
  weight: 4,
  args: fc.record({ payment, key }),
  request: ({ payment, key }) => ({ call: "payments/cancelPayment", key: payment, ...keyed(key, "cancel", payment) }),
  answer: Answer,
});
const expireToken = operation({
  ...kind,
  args: fc.record({ payment }),
  request: ({ payment }) => ({ call: "payments/expireToken", key: payment }),
});
const onAccount = { ...kind, args: fc.record({ account, amount }), failsWith: [INSUFFICIENT_FUNDS] };
const deposit = operation({
  ...onAccount,
  request: ({ account, amount }) => ({ call: "accounts/deposit", key: account, input: amount }),
});
const withdraw = operation({
  ...onAccount,
  request: ({ account, amount }) => ({ call: "accounts/withdraw", key: account, input: amount }),
});
const balance = operation({
  args: fc.record({ account }),
  request: ({ account }) => ({ call: "accounts/balance", key: account }),
  answer: z.int(),
});

const accounts = groupBy({ of: [makePayment, deposit, withdraw, balance], by: ({ account }) => account });
const payments = groupBy({ of: [makePayment, cancelPayment, expireToken], by: ({ payment }) => payment });

type Rec = OperationRecord<unknown, unknown>;
const isStatus = (status: Status) => (one: Rec) =>
  (makePayment.is(one) || cancelPayment.is(one)) && one.result?.status === status;

// --- the model: whether there is money for a payment is a free choice, since a refund is on its way for a while

interface Bank {
  balances: Record<string, number>;
  /** what a payment id stands for in its present life */
  payments: Record<string, { status: "completed" | "cancelled"; account: string; amount: number }>;
}
interface Act {
  does: "make" | "cancel" | "expire" | "move" | "audit";
  payment?: string;
  account?: string;
  amount?: number;
  key?: string;
  isTerminated?: boolean;
}
const moved = (bank: Bank, account: string, amount: number): Bank => ({
  ...bank,
  balances: { ...bank.balances, [account]: (bank.balances[account] ?? OPENING) + amount },
});

function step(bank: Bank, { does, payment = "", account = "", amount = 0, isTerminated }: Act, output?: Json): Bank[] {
  const known = bank.payments[payment];
  const is = (status: Status) => output === undefined || output === status;
  const left = (status: "completed" | "cancelled", state: Bank): Bank => ({
    ...state,
    payments: { ...bank.payments, [payment]: { status, account: known?.account ?? account, amount } },
  });
  if (does === "audit") return output === (bank.balances[account] ?? OPENING) ? [bank] : [];
  if (does === "move") return [moved(bank, account, amount)];
  if (does === "expire") {
    const { [payment]: _, ...payments } = bank.payments;
    return [{ ...bank, payments }];
  }
  if (does === "cancel") {
    const refunded = known?.status === "completed" ? moved(bank, known.account, known.amount) : bank;
    // terminated in between: it is remembered as cancelled, and no refund was asked for
    const states = isTerminated ? [refunded, bank] : [refunded];
    return is("cancelled") ? states.map((state) => left("cancelled", state)) : [];
  }
  if (known) return is(known.status) ? [bank] : [];
  const taken = moved(bank, account, -amount);
  return [
    ...(is("completed") ? [left("completed", taken)] : []),
    ...(is("insufficient_funds") ? [bank] : []),
    // terminated in between: the money has moved and nobody remembers
    ...(isTerminated ? [taken] : []),
  ];
}

const bank: Model<Bank, Act, Json> = {
  name: "bank",
  init: () => ({ balances: {}, payments: {} }),
  step,
  describe: (act, output) => `${Object.values(act).join(" ")} -> ${output ?? "?"}`,
  describeState: ({ balances }) => `the balances are ${JSON.stringify(balances)}`,
};
const status = ({ status }: { status: Status }): Json => status;
const acts = [
  makePayment.as(({ args, isTerminated }): Act => ({ does: "make", ...args, isTerminated }), status),
  cancelPayment.as(({ args, isTerminated }): Act => ({ does: "cancel", ...args, isTerminated }), status),
  expireToken.as(({ args }): Act => ({ does: "expire", ...args })),
];
/** Balances count only at the very end. */
const conservation = checks.linearizable(bank, [
  ...acts,
  deposit.as(({ args }): Act => ({ does: "move", ...args })),
  withdraw.as(({ args: { account, amount } }): Act => ({ does: "move", account, amount: -amount })),
  balance.as<Act, Json>(
    ({ args, isPlanned }) => (isPlanned ? undefined : { does: "audit", ...args }),
    (is) => is,
  ),
]);
const linearizable = checks.linearizable({ ...bank, name: "payment", partition: ({ payment = "" }) => payment }, acts);

// --- what else must hold

const noNegativeBalance = balance.every((one) => {
  const { result = 0, args } = one;
  return result < 0 && violation(`${one} read the balance of ${args.account} as ${result}.`, { seen: result }, one);
});

/** Too little money is answered only where there could have been too little, whatever of the unknown has happened. */
const tooLittleOnlyWhenThereIs = accounts.every(({ key, requests }) => {
  const isRefused = (one: Rec) => isStatus("insufficient_funds")(one) || one.error?.code === INSUFFICIENT_FUNDS;
  const sum = (all: { args: { amount: number } }[]) => all.reduce((total, { args }) => total + args.amount, 0);
  const takers = [...makePayment.among(requests), ...withdraw.among(requests)];
  for (const one of takers.filter(isRefused)) {
    const paidIn = deposit.among(requests).filter((other) => other.outcome === "ok" && other.precedes(one));
    const taken = takers.filter((other) => other !== one && other.invoked < one.left && !isRefused(other));
    const least = OPENING + sum(paidIn) - sum(taken);
    if (least < one.args.amount) continue;
    const summary = `${one} was told that ${key} has too little for ${one.args.amount}, and it had ${least} at least.`;
    return violation(summary, { expected: "enough", seen: "insufficient funds" }, one, taken);
  }
  return undefined;
});

/** Of a payment that is all that ever touched its account, in one life, the money shows what became of it. */
const moves = (promise: string, isKept: (gone: number, asked: number[], isCancelled: boolean) => boolean) =>
  payments.every(({ key, operations, isTerminated }, view) => {
    const makes = makePayment.among(operations);
    const [account, ...others] = new Set(makes.map(({ args }) => args.account));
    const all = accounts.in(view).find((one) => one.key === account)?.operations ?? [];
    const audit = balance.among(all).find(({ isPlanned }) => !isPlanned);
    const isShared = others.length > 0 || all.some((one) => !balance.is(one) && !makes.some(({ id }) => id === one.id));
    if (audit?.result === undefined || isShared || isTerminated || operations.some(expireToken.is)) return undefined;
    const [gone, asked] = [OPENING - audit.result, makes.map(({ args }) => args.amount)];
    if (isKept(gone, asked, operations.some(isStatus("cancelled")))) return undefined;
    return violation(`${key} took ${gone} from ${account}.`, { expected: promise, seen: gone }, operations, audit);
  });
const atMostOneMovement = moves("what one request asked for", (gone, asked) => [0, ...asked].includes(gone));
const cancelledNetsToZero = moves("it was cancelled: 0", (gone, _, isCancelled) => !isCancelled || gone === 0);

/** Without an expiry, what was answered is what stands at the end; and nothing stands that nobody asked for. */
const answersAreTruthful = payments.every(({ key, operations }, { final }) => {
  if (operations.some(expireToken.is)) return undefined;
  const state = fieldOf(final.state[`payments/${key}`], "status") ?? null;
  const cancelled = operations.find(isStatus("cancelled"));
  const completed = operations.some(cancelPayment.is) ? undefined : operations.find(isStatus("completed"));
  const told = cancelled ? "CANCELLED" : completed && "COMPLETED";
  const truth = told ?? (operations.some(makePayment.is) || state !== "COMPLETED" ? state : null);
  if (state === truth) return undefined;
  return violation(`${key} ended otherwise than was answered.`, { expected: truth, seen: state }, cancelled, completed);
});

// --- the property

const pay = (amount = 30) => makePayment({ payment: "@p1", account: "@a1", amount, key: "" });
const revoke = cancelPayment({ payment: "@p1", key: "" });
const forget = expireToken({ payment: "@p1" });
const withdrawing = at.message("o1", 2, { child: 1 });

property("a payment moves money at most once, and a cancelled one never keeps it", {
  pattern: "payment-state-machine",
  settings: { OPENING_BALANCE: OPENING },
  operations: { makePayment, cancelPayment, expireToken, deposit, withdraw, balance },
  audit: (operations) => accounts.keysOf(operations).map((account) => balance({ account })),
  invariants: {
    conservation,
    "at most one movement": atMostOneMovement,
    "cancelled nets to zero": cancelledNetsToZero,
    "no negative balance": noNegativeBalance,
    "too little only when there is": tooLittleOnlyWhenThereIs,
    "answers are truthful": answersAreTruthful,
    linearizable,
  },
  scenarios: {
    "a completed payment is cancelled": scenario({ o1: pay(), o2: revoke.after("o1"), o3: pay().after("o2") }),
    "a cancellation overtakes its payment": scenario({ o1: revoke, o2: pay().after("o1") }).reachedWhen(
      payments.someTwo((a, b) => cancelPayment.is(a) && a.precedes(b) && makePayment.is(b) && isStatus("cancelled")(b)),
    ),
    "a cancellation arrives while the payment is in flight": scenario({ o1: pay(), o2: revoke.before(withdrawing) }),
    "a payment is asked for again": scenario({ o1: pay(), o2: pay().after("o1") }),
    "an account has too little": scenario({ o1: pay(150), o2: pay(60).after("o1") }).reachedWhen(
      makePayment.some(isStatus("insufficient_funds")),
    ),
    "a payment id expires and lives again": scenario({
      o1: pay(),
      o2: forget.after("o1"),
      o3: pay(10).after("o2"),
      o4: forget.after("o3"),
      o5: revoke.after("o4"),
    }),
    "cut when the payment is recorded": scenario({ o1: pay() }, faults.cutStream.after(at.message("o1", 6))),
    "cancelled while it withdraws": scenario({
      o1: pay(),
      o2: cancel("o1").before(withdrawing),
      o3: pay().after("o1"),
    }),
    "terminated while it withdraws": scenario({ o1: pay(), o2: terminate("o1").before(withdrawing) }),
  },
});
