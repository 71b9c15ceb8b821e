import fc from "fast-check";
import { z } from "zod";
import {
  at,
  cancel,
  checks,
  constants,
  disturbances,
  fastRetries,
  faults,
  fieldOf,
  type Group,
  groupBy,
  ids,
  invalidInput,
  operation,
  property,
  scenario,
  terminate,
  violation,
  withWrong,
  world,
} from "../harness/index.ts";

const { QUEUE_LIMIT } = constants("priority-queue", { QUEUE_LIMIT: 2 });
const DEFAULT_QUEUE = "myService/expensiveMethod";

// --- what clients do

/** All differ in their sum, so that the ledger tells whom an effect is for. Numbers are texts, so that they stay what they are. */
interface Item {
  /** the key of the request */
  item: string;
  sum: string;
  /** 1 when absent */
  priority?: string;
  /** that of all cases when absent */
  queue?: string;
}
const LARGEST = world.LARGEST_SUM;
const q1 = { queue: "@q1" };
const USUAL: Item = { item: "@usual", sum: "1 + 2", ...q1 };
const SECOND: Item = { item: "@second", sum: "0.1 + 0.2", priority: "1", ...q1 };
const THIRD: Item = { item: "@third", sum: "-5 + 5", priority: "1", ...q1 };
const FOURTH: Item = { item: "@fourth", sum: "7e-7 + 4", ...q1 };
const URGENT: Item = { item: "@urgent", sum: "40 + 2", priority: "0", ...q1 };
const MOST_URGENT: Item = { item: "@most-urgent", sum: "-7 + 0", priority: "-0.5", ...q1 };
const LATER: Item = { item: "@later", sum: "6 + 60", priority: "2", ...q1 };
const LATEST: Item = { item: "@latest", sum: "7 + 70", priority: "10", ...q1 };
const TOO_LARGE: Item = { item: "@too-large", sum: `${LARGEST} + 8`, ...q1 };
const TOO_SMALL: Item = { item: "@too-small", sum: `-${LARGEST} + -9`, priority: "0", ...q1 };
const ELSEWHERE: Item = { item: "@elsewhere", sum: "101 + 1", queue: "@q2" };
const ITEMS = [USUAL, SECOND, THIRD, FOURTH, URGENT, MOST_URGENT, LATER, LATEST, TOO_LARGE, TOO_SMALL, ELSEWHERE];
/** In the queue that all cases share: whoever looks there sees others, too. */
const ANYWHERE: Item = { item: "@anywhere", sum: "3 + 4" };

const operandsOf = ({ sum }: Pick<Item, "sum">) => {
  const [left = Number.NaN, right = Number.NaN] = sum.split(" + ").map(Number);
  return { left, right };
};
const totalOf = (item: Item): number => operandsOf(item).left + operandsOf(item).right;
const compute = operation({
  weight: 8,
  args: fc.constantFrom(...ITEMS),
  request: ({ item, sum, priority, ...queue }: Item) => ({
    call: "myService/expensiveMethod",
    input: { ...operandsOf({ sum }), ...(priority !== undefined && { priority: Number(priority) }), ...queue },
    idempotencyKey: item,
  }),
  answer: z.number(),
  failsWith: ({ args }) => (Math.abs(totalOf(args)) > LARGEST ? [422] : []),
});
const stats = operation({
  args: fc.record({ queue: ids("@q1", "@q2") }),
  request: ({ queue }) => ({ call: "queue/stats", key: queue }),
  answer: z.strictObject({ inFlight: z.int().nonnegative(), waiting: z.int().nonnegative() }),
  accompanies: true,
});
/** For the recovery phase alone: others wait in vain for the slot of an item that was terminated. */
const done = operation({
  weight: 0,
  args: fc.record({ queue: ids("@q1", "@q2") }),
  request: ({ queue }) => ({ call: "queue/done", key: queue }),
  failsWith: [409],
  accompanies: true,
});

const ANYBODY = `sign_1${"B".repeat(37)}g`;
const NO_AWAKEABLES = ["", "no awakeable", "sign_1BBBB", `${ANYBODY}A`, ANYBODY.replace(/g$/, "h"), 7, null];
const malformed = invalidInput(
  ...withWrong({ call: "queue/push", key: "@q1" }, { awakeable: ANYBODY }, { awakeable: NO_AWAKEABLES }),
  ...withWrong({ call: "queue/push", key: "@q1" }, { awakeable: ANYBODY }, { priority: ["high", null] }),
  ...NO_AWAKEABLES.map((input) => ({ request: { call: "queue/drop", key: "@q1", input }, field: "awakeable" })),
  ...withWrong({ call: "myService/expensiveMethod" }, { left: 1, right: 2 }, { priority: ["high", null], queue: [""] }),
);

// --- what must hold

const items = groupBy({
  of: [compute],
  by: ({ sum }) => sum,
  effectsBy: ({ data }) => `${fieldOf(data, "left")} + ${fieldOf(data, "right")}`,
});
const queueOf = ({ queue = DEFAULT_QUEUE }: Item): string => queue;
const queues = groupBy({ of: [compute], by: queueOf });

const first = (...places: number[]): number => Math.min(...places, Number.POSITIVE_INFINITY);
/** Where items may have been terminated: one that had ended before was not. */
const terminations = (group?: Group): number[] =>
  (group?.interruptions ?? []).flatMap(({ kind, outcome, invoked }) =>
    kind === "terminate" && outcome !== "fail" ? [invoked] : [],
  );

const slots: checks.Prioritised<typeof compute> = {
  limit: QUEUE_LIMIT,
  line: ({ args }) => queueOf(args),
  priority: ({ args }) => Number(args.priority ?? 1),
  queued({ args, operations }, view) {
    const pushes = checks.callsOf(`queue/${queueOf(args)}/push`, view);
    const own = pushes.find(({ operation }) => operations.some(({ id }) => id === operation));
    return { from: own?.started ?? first(), to: own?.ended ?? first() };
  },
  /** From its first call of the calculator until that has an answer, or somebody ends the item: who answers was not ended. */
  worked({ operations, ledger, faults, interruptions }) {
    const [answered = first(), again = first()] = ledger.map(({ index }) => index);
    const late = faults.filter(({ kind }) => kind === "answer-late").map(({ healed }) => healed);
    const called = faults.filter(({ at }) => at.at === "effect").map(({ injected }) => injected);
    const ended = operations.every(({ result }) => result === undefined) ? interruptions : [];
    const to = first(Math.max(answered, ...late), again, ...ended.map(({ invoked }) => invoked));
    return { from: first(answered, ...called), to };
  },
  /** Whoever drops out before he worked has not been counted. Who is terminated leaves his slot behind. */
  givenBack: (queue, view) => [
    ...checks.callsOf(`queue/${queue}/done`, view).map(({ started }) => started),
    ...terminations(queues.get(queue, view)),
  ],
};

const slotsAreGivenBackOnce = queues.every((group, view) => {
  const [asked = 0, ...back] = ["push", "done", "drop"].map(
    (handler) => checks.callsOf(`queue/${group.key}/${handler}`, view).filter(({ isChild }) => isChild).length,
  );
  const given = back.reduce((sum, some) => sum + some);
  if (asked === given || terminations(group).length > 0 || group.key === DEFAULT_QUEUE) return undefined;
  const [expected, seen] = [checks.times(asked), checks.times(given)];
  return violation(`In ${group.key} a slot was asked for ${expected}.`, { expected, seen }, group.operations);
});

const waitsInItsQueue = items.every((group, view) => {
  if (group.effects.length === 0 || slots.queued(group, view).from !== first()) return undefined;
  return violation(`${group.key} never got in line in ${queueOf(group.args)}.`, { expected: "once" }, group.operations);
});

/** As the audit is told. */
const nothingInFlightInTheEnd = stats.every((one, view) => {
  if (one.isPlanned || !one.result || terminations(queues.get(one.args.queue, view)).length > 0) return undefined;
  const { inFlight, waiting } = one.result;
  const summary = `In the end, ${one.args.queue} had ${inFlight} in flight and ${waiting} waiting.`;
  return (inFlight !== 0 || waiting !== 0) && violation(summary, { expected: "nobody", seen: one.result }, one);
});

// --- the property

const [usual, second, third, fourth] = [compute(USUAL), compute(SECOND), compute(THIRD), compute(FOURTH)];
const [urgent, later, latest] = [compute(MOST_URGENT), compute(LATER), compute(LATEST)];
const work = (of: string) => at.externalCall(of, 1);
/** The queue has taken it down, and has no slot for it. */
const waits = (of: string) => at.message(of, 4, { child: 1 });
const next = (one: typeof usual) => one.before(work("o2"));
const held = (of: string) => faults.answerLate.after(work(of));
/** Both slots are taken before o3 comes; that of o2 until a point of the run, or the recovery phase. */
const busy = (others: Record<string, typeof usual>, until?: at.Point, ...disturbing: (typeof faults.answerLate)[]) =>
  scenario(
    { o1: usual, o2: second.before(work("o1")), ...others },
    held("o1"),
    until ? held("o2").until(until) : held("o2"),
    ...disturbing,
  );
const inLine = (...some: (typeof usual)[]) =>
  Object.fromEntries(some.map((one, at) => [`o${at + 3}`, at ? one.after(waits(`o${at + 2}`)) : next(one)]));
const some = inLine(third, urgent);
const droppedOut = items.some(({ isCancelled, effects }) => isCancelled && effects.length === 0);

property("the most urgent go first, and never more than the limit", {
  pattern: "priority-queue",
  settings: { QUEUE_LIMIT, ...fastRetries },
  operations: { compute, stats, done, malformed },
  storm: { operations: 10, clients: 8 },
  audit: (operations) => {
    const own = queues.keysOf(operations).filter((queue) => queue !== DEFAULT_QUEUE);
    return own.map((queue) => stats({ queue }));
  },
  release: (operations) => {
    const terminated = operations.flatMap(({ kind, of }) => (kind === "terminate" ? [of] : []));
    return queues.keysOf(operations.filter(({ id }) => terminated.includes(id))).map((queue) => done({ queue }));
  },
  invariants: {
    "never more than the limit": checks.neverMoreThanTheLimit(items, slots),
    "effectively once": checks.effectsOnce(items, {}),
    "answers left + right": checks.returns(compute, ({ args }) => totalOf(args)),
    "best priority first": checks.bestPriorityFirst(items, slots),
    "waits in its queue": waitsInItsQueue,
    "first come first served": checks.firstComeFirstServed(items, slots),
    "a slot is given back once": slotsAreGivenBackOnce,
    "nothing in flight in the end": nothingInFlightInTheEnd,
    "no spurious effect": checks.noSpuriousEffects(items),
  },
  scenarios: {
    "more come than there are slots": busy({ o3: next(third) }),
    "the most urgent goes first": busy(inLine(latest, later, third, compute(URGENT), urgent), waits("o7")),
    "first come, first served": busy(inLine(third, fourth), waits("o4")),
    "nobody waits for another queue": busy({ o3: next(compute(ELSEWHERE)) }, at.answered("o3")),
    "nobody names a queue": scenario({ o1: compute(ANYWHERE) }),
    "refused items give their slots back": scenario({
      o1: compute(TOO_LARGE).refusedWith(422),
      o2: compute(TOO_SMALL).refusedWith(422),
      o3: usual.after("o1"),
      o4: second.after("o2"),
    }),
    "cancelled while it waits": busy({ ...some, o5: cancel("o3").after(waits("o4")) }).reachedWhen(droppedOut),
    "cancelled while it waits, before others, and again": busy(
      { ...inLine(latest, third, urgent), o6: cancel("o3").after(waits("o5")), o7: cancel("o3").after("o6") },
      at.answered("o7"),
    ).reachedWhen(droppedOut),
    "cancelled while its slot is on its way, and again while it gives that back": scenario({
      o1: usual,
      o2: cancel("o1").after(at.message("o1", 2, { child: 1 })),
      o3: cancel("o1").after(at.message("o1", 2)),
    })
      .inOrder(at.after(at.answered("o3")), at.before(at.message("o1", 3, { child: 1 })))
      .reachedWhen(droppedOut),
    "cancelled at work, twice": busy({ ...some, o5: cancel("o1").after(waits("o4")), o6: cancel("o1").after("o5") }),
    "cancelled while it gives its slot back, and the queue is busy": scenario({
      o1: usual,
      o2: cancel("o1").after(at.message("o1", 4)),
      o3: second.before(work("o1")),
    })
      .inOrder(at.before(at.message("o3", 1, { child: 1 })), at.before(at.message("o1", 4)))
      .inOrder(at.after(at.message("o1", 5)), at.before(at.message("o3", 2, { child: 1 })))
      .reachedWhen(items.some(({ isCancelled, effects }) => isCancelled && effects.length === 1)),
    "terminated at work, while others wait": busy({
      ...some,
      o5: terminate("o1").after(waits("o3")),
      o6: terminate("o2").after("o5"),
    }).reachedWhen(done.some(({ outcome }) => outcome === "ok")),
    "terminated while it waits, before another": busy(
      { ...some, o5: terminate("o4").after(waits("o4")) },
      at.answered("o5"),
    ),
    "asked for again while it waits": busy({ ...some, o5: third.after(waits("o3")) }, waits("o4")).reachedWhen(
      items.someTwo((one, other) => one.invocation === other.invocation && one.overlaps(other)),
    ),
    "the service process is killed while some wait": busy(some, undefined, faults.killEndpoint.after(waits("o4"))),
    "Restate is killed while some wait": busy(some, undefined, faults.killServer.after(waits("o4"))),
    ...disturbances("a sum is computed", usual, { call: 1, message: 3 }),
  },
});
