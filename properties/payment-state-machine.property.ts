import fc from "fast-check";
import { type Checker, invalid, linearizable, type Model, mergingDuplicates } from "../harness/check/index.ts";
import { endedBy, type History, overlap, type Performed, performed } from "../harness/history/index.ts";
import { type Call, type Moment, type Operation, type Request, storm } from "../harness/plan/index.ts";
import { property } from "../harness/session/index.ts";

const OPENING = 100;

const onPayment = (payment: string, handler: string): Call => ({ service: "payments", handler, key: payment });
const onAccount = (account: string, handler: string): Call => ({ service: "accounts", handler, key: account });

const payment = fc.constantFrom("@p1", "@p1", "@p2", "@p3");
const account = fc.constantFrom("@a1", "@a1", "@a2");
/** some that fit into an account several times, some that fit once or never */
const amount = fc.constantFrom(1, 10, 30, 60, 100, 150);
/** requests with the same key must be the same request */
const key = fc.option(fc.constantFrom("@k1", "@k2", "@k3"), { nil: undefined });

const make: fc.Arbitrary<Request> = fc
  .record({ payment, account, amount, key })
  .map(({ payment, account, amount, key }) => ({
    call: onPayment(payment, "makePayment"),
    input: { accountId: account, amount },
    ...(key && { idempotencyKey: `${key}-${payment.slice(1)}-${account.slice(1)}-${amount}` }),
  }));
const cancel: fc.Arbitrary<Request> = fc.record({ payment, key }).map(({ payment, key }) => ({
  call: onPayment(payment, "cancelPayment"),
  ...(key && { idempotencyKey: `${key}-cancel-${payment.slice(1)}` }),
}));
const expire: fc.Arbitrary<Request> = payment.map((payment) => ({ call: onPayment(payment, "expireToken") }));
const deposit: fc.Arbitrary<Request> = fc
  .record({ account, amount })
  .map(({ account, amount }) => ({ call: onAccount(account, "deposit"), input: amount }));
const withdraw: fc.Arbitrary<Request> = fc
  .record({ account, amount })
  .map(({ account, amount }) => ({ call: onAccount(account, "withdraw"), input: amount }));
const balance: fc.Arbitrary<Request> = account.map((account) => ({ call: onAccount(account, "balance") }));

// --- what a history says

const keyOf = ({ operation }: Performed): string => (operation.call as { key: string }).key;
const statusOf = (value: unknown): Status | undefined => (value as { status?: Status } | null)?.status;
type Status = "completed" | "cancelled" | "insufficient_funds";

// --- the model of one payment

type PaymentState = "new" | "completed" | "cancelled";
type PaymentInput = { payment: string; does: "make" | "cancel" | "expire" };

/** A payment id in one life: whether there is money for it is a free choice. */
const paymentModel: Model<PaymentState, PaymentInput, Status | "done"> = {
  name: "payment",
  init: () => "new",
  partition: ({ payment }) => payment,
  step(state, { does }, output) {
    const is = (answer: Status, next: PaymentState): PaymentState[] =>
      output === undefined || output === answer ? [next] : [];
    if (does === "expire") return ["new"];
    if (does === "cancel") return is("cancelled", "cancelled");
    if (state !== "new") return is(state, state);
    return [...is("completed", "completed"), ...is("insufficient_funds", "new")];
  },
  describe: ({ payment, does }, output) => `${payment}.${does}() -> ${output ?? "?"}`,
};

const DOES: Record<string, PaymentInput["does"]> = { make: "make", cancelPayment: "cancel", expire: "expire" };

/** What those that were terminated had done by then stays, and their failure says nothing. */
const terminatedIn = (history: History): Set<string> => endedBy(history, "terminate");

/** A definite failure says that nothing happened, also of an invocation that was cancelled. */
const didNothing = (outcome: Performed["completion"], terminated: boolean): boolean =>
  outcome?.type === "fail" && !terminated;

const linearizablePayment: Checker = (history, budget) => {
  const terminated = terminatedIn(history);
  return linearizable(paymentModel, {
    select(operation, outcome) {
      const does = DOES[operation.kind];
      if (does === undefined || didNothing(outcome, terminated.has(operation.id))) return undefined;
      const input = { payment: (operation.call as { key: string }).key, does };
      if (outcome?.type !== "ok") return { input, output: undefined };
      return { input, output: does === "expire" ? "done" : statusOf(outcome.value) };
    },
  })(history, budget);
};

// --- the model of all the money

interface Bank {
  balances: Record<string, number>;
  /** what a payment id stands for in its present life */
  payments: Record<string, { status: "completed" | "cancelled"; account: string; amount: number }>;
}
type BankInput =
  | { does: "make"; payment: string; account: string; amount: number; broken: boolean }
  | { does: "cancel" | "expire"; payment: string }
  | { does: "deposit" | "withdraw"; account: string; amount: number }
  | { does: "audit" };
type BankOutput = Status | "done" | Record<string, number>;

const moved = (bank: Bank, account: string, amount: number): Bank => ({
  ...bank,
  balances: { ...bank.balances, [account]: (bank.balances[account] ?? OPENING) + amount },
});

/**
 * Accounts and payments as one object. Whether an account has enough at some moment is a free choice, since a refund is
 * on its way for a while: balances count only in the audit, at the very end.
 */
const bankModel: Model<Bank, BankInput, BankOutput> = {
  name: "bank",
  init: () => ({ balances: {}, payments: {} }),
  step(bank, input, output) {
    switch (input.does) {
      case "audit":
        return Object.entries(output as Record<string, number>).every(
          ([account, found]) => found === (bank.balances[account] ?? OPENING),
        )
          ? [bank]
          : [];
      case "deposit":
        return [moved(bank, input.account, input.amount)];
      case "withdraw":
        return [moved(bank, input.account, -input.amount)];
      case "expire": {
        const { [input.payment]: _, ...payments } = bank.payments;
        return [{ ...bank, payments }];
      }
      case "cancel": {
        const known = bank.payments[input.payment];
        const refunded = known?.status === "completed" ? moved(bank, known.account, known.amount) : bank;
        const entry = { status: "cancelled" as const, account: known?.account ?? "", amount: 0 };
        return [{ ...refunded, payments: { ...bank.payments, [input.payment]: entry } }];
      }
      case "make":
        return makePayment(bank, input, output as Status | undefined);
    }
  },
  describe: (input, output) =>
    input.does === "audit"
      ? `the balances at the end are ${JSON.stringify(output)}`
      : `${JSON.stringify(input)} -> ${output ?? "?"}`,
};

function makePayment(bank: Bank, input: Extract<BankInput, { does: "make" }>, output: Status | undefined): Bank[] {
  const { payment, account, amount, broken } = input;
  const known = bank.payments[payment];
  if (known) return output === undefined || output === known.status ? [bank] : [];
  const paid = moved(bank, account, -amount);
  const completed = {
    ...paid,
    payments: { ...bank.payments, [payment]: { status: "completed" as const, account, amount } },
  };
  return [
    ...(output === undefined || output === "completed" ? [completed] : []),
    ...(output === undefined || output === "insufficient_funds" ? [bank] : []),
    // terminated in between: the money has moved and nobody remembers
    ...(broken ? [paid] : []),
  ];
}

/** Money is conserved: some order of the operations leads to just the balances that are found at the end. */
const conservation: Checker = async (history, budget) => {
  const terminated = terminatedIn(history);
  const end = history.events.length;
  const audit: Operation = { id: "audit", client: "audit", kind: "audit", mode: "call" };
  const audited: History = {
    ...history,
    plan: { ...history.plan, operations: [...history.plan.operations, audit] },
    events: [
      ...history.events,
      { type: "invoke", at: end, operation: "audit" },
      { type: "ok", at: end, operation: "audit", value: balancesOf(history) },
    ],
  };
  const verdict = await linearizable(bankModel, {
    select(operation, outcome, later) {
      if (operation.kind === "audit") return { input: { does: "audit" }, output: balancesOf(history) };
      return bankOperation(
        operation,
        outcome?.type === "ok" ? outcome.value : later?.status === "succeeded" ? later.value : undefined,
        outcome,
        terminated.has(operation.id),
      );
    },
  })(audited, budget);
  if (verdict.verdict !== "invalid") return verdict;
  return {
    verdict: "invalid",
    evidence: {
      ...verdict.evidence,
      summary: `Money was lost or made: no order of the operations leads to the balances at the end, ${JSON.stringify(balancesOf(history))} (each account opened with ${OPENING}).`,
    },
  };
};

const balancesOf = ({ final }: History): Record<string, number> => (final.answers ?? {}) as Record<string, number>;

function bankOperation(
  operation: Operation,
  value: unknown,
  outcome: Performed["completion"],
  broken: boolean,
): { input: BankInput; output?: BankOutput } | undefined {
  if (didNothing(outcome, broken)) return undefined;
  const { key } = (operation.call ?? {}) as { key: string };
  switch (operation.kind) {
    case "make": {
      const { accountId, amount } = operation.input as { accountId: string; amount: number };
      const output = statusOf(value);
      return { input: { does: "make", payment: key, account: accountId, amount, broken }, ...(output && { output }) };
    }
    case "cancelPayment":
      return { input: { does: "cancel", payment: key } };
    case "expire":
      return { input: { does: "expire", payment: key } };
    case "deposit":
    case "withdraw": {
      const input = { does: operation.kind, account: key, amount: operation.input as number } as const;
      return { input, ...(value !== undefined && { output: "done" as const }) };
    }
  }
  return undefined;
}

// --- what else must hold

const noNegativeBalance: Checker = (history) => {
  const read = performed(history).find(
    ({ operation, completion }) =>
      operation.kind === "balance" && completion?.type === "ok" && (completion.value as number) < 0,
  );
  if (read)
    return invalid(
      `The balance of ${keyOf(read)} was read as ${JSON.stringify((read.completion as { value: unknown }).value)}.`,
      [read.completed],
    );
  const below = Object.entries(balancesOf(history)).find(([, found]) => found < 0);
  return below
    ? invalid(`The balance of ${below[0]} is ${below[1]} at the end.`, [], { expected: "no balance below zero" })
    : { verdict: "valid" };
};

/**
 * Payments that are the only ones to touch their account, and whose account nobody else moved: there the money shows what
 * became of the payment.
 */
function alone(
  history: History,
): { payment: string; account: string; makes: Performed[]; others: Performed[]; gone: number }[] {
  const all = performed(history).filter(({ invoke }) => invoke !== undefined);
  const makes = Map.groupBy(
    all.filter(({ operation }) => operation.kind === "make"),
    keyOf,
  );
  const accountsOf = (list: Performed[]) =>
    new Set(list.map(({ operation }) => (operation.input as { accountId: string }).accountId));
  return [...makes].flatMap(([payment, own]) => {
    const [account, ...more] = accountsOf(own);
    const shared = [...makes].some(([other, list]) => other !== payment && accountsOf(list).has(account!));
    const touched = all.some(
      (one) => (one.operation.kind === "deposit" || one.operation.kind === "withdraw") && keyOf(one) === account,
    );
    const ended = all.some(
      ({ operation }) => operation.mode === "terminate" && own.some((one) => one.operation.id === operation.of),
    );
    const left = balancesOf(history)[account!];
    if (more.length > 0 || shared || touched || ended || left === undefined) return [];
    const others = all.filter(
      (one) => (one.operation.kind === "cancelPayment" || one.operation.kind === "expire") && keyOf(one) === payment,
    );
    return [{ payment, account: account!, makes: own, others, gone: OPENING - left }];
  });
}

const atMostOneMovement: Checker = (history) => {
  for (const { payment, account, makes, others, gone } of alone(history)) {
    if (others.some(({ operation }) => operation.kind === "expire")) continue;
    const possible = new Set([0, ...makes.map(({ operation }) => (operation.input as { amount: number }).amount)]);
    if (!possible.has(gone))
      return invalid(
        `Payment ${payment} moved ${gone} from ${account}, which is not what any one request asked for.`,
        makes.map(({ completed }) => completed),
        {
          expected: `one of ${[...possible].join(", ")}`,
          seen: String(gone),
        },
      );
  }
  return { verdict: "valid" };
};

const cancelledNetsToZero: Checker = (history) => {
  for (const { payment, account, others, gone } of alone(history)) {
    const cancelled = others.find(
      ({ operation, completion }) =>
        operation.kind === "cancelPayment" && statusOf((completion as { value?: unknown })?.value) === "cancelled",
    );
    if (!cancelled || gone === 0 || others.some(({ operation }) => operation.kind === "expire")) continue;
    return invalid(`Payment ${payment} was cancelled, and ${gone} is missing from ${account}.`, [cancelled.completed], {
      expected: "0",
      seen: String(gone),
    });
  }
  return { verdict: "valid" };
};

/** Without an expiry, what was answered is what stands at the end. */
const answersAreTruthful: Checker = (history) => {
  const all = performed(history).filter(({ invoke }) => invoke !== undefined);
  for (const [payment, own] of Map.groupBy(
    all.filter(({ operation }) => DOES[operation.kind] !== undefined),
    keyOf,
  )) {
    const state = history.final.state[`payments/${payment}`]?.status;
    if (own.some(({ operation }) => operation.kind === "expire")) continue;
    const said = (status: Status) =>
      own.find(({ completion }) => completion?.type === "ok" && statusOf(completion.value) === status);
    const [cancelled, completed] = [said("cancelled"), said("completed")];
    const mayBeCancelled = own.some(({ operation }) => operation.kind === "cancelPayment");
    const truth = cancelled ? "CANCELLED" : completed && !mayBeCancelled ? "COMPLETED" : state;
    if (state !== truth)
      return invalid(
        `Payment ${payment} was answered ${cancelled ? "cancelled" : "completed"}, and at the end its status is ${JSON.stringify(state ?? null)}.`,
        [cancelled?.completed ?? completed?.completed],
        {
          expected: String(truth),
          seen: String(state),
        },
      );
  }
  return { verdict: "valid" };
};

const noInventedEffect: Checker = (history) => {
  const asked = new Set(
    performed(history).flatMap((one) =>
      one.invoke !== undefined && DOES[one.operation.kind] === "make" ? [keyOf(one)] : [],
    ),
  );
  const invented = Object.entries(history.final.state).find(
    ([object, state]) =>
      object.startsWith("payments/") && state.status === "COMPLETED" && !asked.has(object.slice("payments/".length)),
  );
  return invented ? invalid(`${invented[0]} is completed, and nobody had asked for it.`, []) : { verdict: "valid" };
};

// --- the storm

const pay = (id: string, client: string, amount: number, more: Partial<Operation> = {}): Operation => ({
  id,
  client,
  kind: "make",
  mode: "call",
  call: onPayment("@p1", "makePayment"),
  input: { accountId: "@a1", amount },
  ...more,
});
const revoke = (id: string, client: string, more: Partial<Operation> = {}): Operation => ({
  id,
  client,
  kind: "cancelPayment",
  mode: "call",
  call: onPayment("@p1", "cancelPayment"),
  ...more,
});
const forget = (id: string, client: string): Operation => ({
  id,
  client,
  kind: "expire",
  mode: "call",
  call: onPayment("@p1", "expireToken"),
});
const inChild: Moment = {
  at: "message",
  operation: "o1",
  child: 1,
  attempt: 1,
  direction: "to-server",
  message: 2,
  when: "before",
};

const onOne = (history: History, kind: string) => performed(history).filter(({ operation }) => operation.kind === kind);
const answered = (one: Performed, status: Status) =>
  one.completion?.type === "ok" && statusOf(one.completion.value) === status;
const pairs = (history: History, first: string, second: string, is: (a: Performed, b: Performed) => boolean) =>
  onOne(history, first).some((a) => onOne(history, second).some((b) => a !== b && keyOf(a) === keyOf(b) && is(a, b)));

property("a payment moves money at most once, and a cancelled one never keeps it", {
  pattern: "payment-state-machine",
  environment: { OPENING_BALANCE: String(OPENING) },
  plan: storm({
    kinds: {
      make: {
        weight: 6,
        request: make,
        messages: { toEndpoint: 4, toServer: 7 },
        children: 1,
        ends: ["cancel", "cancel", "terminate"],
      },
      cancelPayment: { weight: 4, request: cancel, messages: { toEndpoint: 3, toServer: 7 }, children: 1 },
      expire: { weight: 1, request: expire, messages: { toEndpoint: 2, toServer: 4 } },
      deposit: { weight: 1, request: deposit, messages: { toEndpoint: 2, toServer: 4 } },
      withdraw: { weight: 1, request: withdraw, messages: { toEndpoint: 2, toServer: 4 } },
      balance: { weight: 1, request: balance, messages: { toEndpoint: 2, toServer: 3 } },
    },
  }),
  audit: (plan) => {
    const accounts = plan.operations.flatMap(({ kind, call, input }) =>
      kind === "make"
        ? [(input as { accountId: string }).accountId]
        : kind === "deposit" || kind === "withdraw"
          ? [(call as { key: string }).key]
          : [],
    );
    return Object.fromEntries([...new Set(accounts)].map((one) => [one, onAccount(one, "balance")]));
  },
  invariants: {
    conservation: mergingDuplicates(conservation),
    "at most one movement": atMostOneMovement,
    "cancelled nets to zero": cancelledNetsToZero,
    "no negative balance": noNegativeBalance,
    "answers are truthful": answersAreTruthful,
    linearizable: mergingDuplicates(linearizablePayment),
    "no invented effect": noInventedEffect,
  },
  reaches: {
    "a completed payment is cancelled": {
      met: (history) =>
        pairs(history, "make", "cancelPayment", (a, b) => answered(a, "completed") && a.completed! < b.invoke!),
      plan: { operations: [pay("o1", "c1", 30), revoke("o2", "c1"), pay("o3", "c1", 30)] },
    },
    "a cancellation overtakes its payment": {
      met: (history) =>
        pairs(
          history,
          "cancelPayment",
          "make",
          (a, b) => answered(a, "cancelled") && a.completed! < b.invoke! && answered(b, "cancelled"),
        ),
      plan: { operations: [revoke("o1", "c1"), pay("o2", "c1", 30)] },
    },
    "a cancellation arrives while the payment is in flight": {
      met: (history) => pairs(history, "make", "cancelPayment", overlap),
      plan: { operations: [pay("o1", "c1", 30), revoke("o2", "c2", { at: inChild })] },
    },
    "a payment is asked for again": {
      met: (history) =>
        pairs(
          history,
          "make",
          "make",
          (a, b) => answered(a, "completed") && a.completed! < b.invoke! && answered(b, "completed"),
        ),
      plan: { operations: [pay("o1", "c1", 30), pay("o2", "c1", 30)] },
    },
    "an account has too little": {
      met: (history) => onOne(history, "make").some((one) => answered(one, "insufficient_funds")),
      plan: { operations: [pay("o1", "c1", 150), pay("o2", "c1", 60)] },
    },
    "a payment id expires and lives again": {
      met: (history) =>
        pairs(history, "expire", "make", (a, b) => a.completion?.type === "ok" && a.completed! < b.invoke!),
      plan: {
        operations: [
          pay("o1", "c1", 30),
          forget("o2", "c1"),
          pay("o3", "c1", 10),
          forget("o4", "c1"),
          revoke("o5", "c1"),
        ],
      },
    },
    "an invocation of makePayment is cancelled while it withdraws": {
      met: (history) =>
        performed(history).some(
          ({ operation, completion }) => operation.mode === "cancel" && completion?.type === "ok",
        ),
      plan: {
        operations: [
          pay("o1", "c1", 30),
          { id: "o2", client: "c2", kind: "cancel", mode: "cancel", of: "o1", at: inChild },
          pay("o3", "c1", 30),
        ],
      },
    },
    "an invocation of makePayment is terminated while it withdraws": {
      met: (history) =>
        performed(history).some(
          ({ operation, completion }) => operation.mode === "terminate" && completion?.type === "ok",
        ),
      plan: {
        operations: [
          pay("o1", "c1", 30),
          { id: "o2", client: "c2", kind: "terminate", mode: "terminate", of: "o1", at: inChild },
        ],
      },
    },
  },
});
