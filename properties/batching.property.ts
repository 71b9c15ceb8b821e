import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { z } from "zod";
import {
  at,
  attach,
  cancel,
  checks,
  constants,
  disturbances,
  fastRetries,
  faults,
  fieldOf,
  type Group,
  groupBy,
  type HistoryView,
  ids,
  type Json,
  type LedgerRecord,
  oneByOne,
  operation,
  property,
  scenario,
  terminate,
  times,
  violation,
} from "../harness/index.ts";

const settings = constants("batching", { BATCH_SIZE: 4, BATCH_TIME: 500 });
const { BATCH_SIZE: SIZE, BATCH_TIME: TIME } = settings;
/** A busy machine may be so late, and no later; clocks tick in milliseconds. */
const [SLACK_MS, TICK_MS] = [800, 1];
const UNKNOWN = 404;

// --- what clients do

/** Easily mistaken for none, or for something else. */
const CONTENTS: Json[] = [null, 0, "", false, [], {}, [[null]], { items: [1] }, '\u20ac \ud83d\ude00 "\\', -1.5e-7];
const itemOf = ({ item }: { item: string }): Json => ({ item, content: CONTENTS[Number(item.at(-1))] ?? null });

/** Sent again with its key it is the same item; without one, it is another like it. Some are sent ahead of their time. */
const receive = operation({
  weight: 8,
  args: fc.record({
    receiver: ids("@r1", "@r1", "@r1", "@r2"),
    item: fc.nat(CONTENTS.length - 1).map((n) => `@i${n}`),
    hasKey: fc.boolean(),
    delayMs: fc.constantFrom<number[]>(0, 0, 0, 0, 0, 0, 450, 900),
  }),
  request: ({ receiver, item, hasKey, delayMs }) => ({
    ...{ call: "batcher/receive", key: receiver, input: itemOf({ item }) },
    ...(hasKey && { idempotencyKey: item }),
    ...(delayMs > 0 && { send: { delayMs } }),
  }),
  // an item that is sent ahead is the same as one that is sent at once
  identity: ({ receiver, item, hasKey }) => (hasKey ? `${item} for ${receiver}` : undefined),
  answer: z.null(),
  undoneByCancel: true,
});
/** The time of a batch that is not there. */
const expire = operation({
  args: fc.record({ receiver: ids("@r1", "@r2") }),
  request: ({ receiver }) => ({ call: "batcher/expire", key: receiver, input: { batch: "another" } }),
  answer: z.null(),
});

const receivers = groupBy({
  of: [receive],
  by: ({ receiver }) => receiver,
  // what is ended before its time has come leaves nothing to attach to
  failsWith: ({ operations }, one) => ({
    [UNKNOWN]:
      one.isInterrupted &&
      operations.some(
        ({ id, identity, args: { delayMs } }) => (identity ?? id) === (one.identity ?? one.id) && delayMs > 0,
      ),
  }),
});
type Receiver = Group<typeof receive>;

// --- what is known of a receiver

const itemsIn = (batch: LedgerRecord): readonly Json[] => {
  const items = fieldOf(batch.data, "items");
  return Array.isArray(items) ? items : [];
};
/** All that was asked for an item that stands in a batch. */
const askedFor = ({ operations }: Receiver, item: Json) =>
  operations.filter(({ args }) => isDeepStrictEqual(item, itemOf(args)));

/** The times between which each item of a batch was accepted. */
function arrivals(group: Receiver, batch: LedgerRecord, view: HistoryView) {
  return itemsIn(batch).map((item) => {
    const all = askedFor(group, item);
    return {
      from: Math.min(...all.map(({ invoked, args }) => checks.timeAt(invoked, view) + args.delayMs)),
      to: Math.max(...all.map(({ completed, args }) => checks.timeAt(completed, view) + args.delayMs)),
      isAhead: all.some(({ args }) => args.delayMs > 0),
    };
  });
}

/** Each item, how often it stands in batches, and how many were asked for that are so. */
function countsIn({ operations, effects }: Receiver) {
  const batched = effects.flatMap(itemsIn);
  const requestsOf = (some: Receiver["operations"]) => new Set(some.map(({ id, identity }) => identity ?? id)).size;
  return [...new Set(operations.map(({ args }) => args.item))].map((item) => {
    const asked = operations.filter(({ args }) => args.item === item);
    return {
      item,
      asked,
      count: batched.filter((one) => fieldOf(one, "item") === item).length,
      // one that was to come later may be ended until then
      acked: requestsOf(asked.filter((one) => one.outcome === "ok" && (!one.isInterrupted || one.args.delayMs === 0))),
      possible: requestsOf(asked.filter(({ outcome }) => outcome !== "fail")),
    };
  });
}

// --- what must hold

const ackedInOneBatch = receivers.every((group) => {
  // whoever is terminated takes with him what he has sent: the batch, or its time
  const lost = group.isTerminated ? undefined : countsIn(group).find(({ count, acked }) => count < acked);
  if (!lost) return undefined;
  const { item, count, acked, asked } = lost;
  const summary = `${item} for ${group.key} was accepted ${times(acked)}, and is in batches ${times(count)}.`;
  return violation(summary, { expected: times(acked), seen: times(count) }, asked, group.effects);
});

/** One whose client knows nothing of it in one at most, and one that failed in none. */
const inOneBatchAtMost = receivers.every((group) => {
  const twice = countsIn(group).find(({ count, possible }) => count > possible);
  if (!twice) return undefined;
  const { item, count, possible, asked } = twice;
  const summary = `${item} for ${group.key} was to be in batches ${times(possible)} at most, and is ${times(count)}.`;
  return violation(summary, { expected: times(possible), seen: times(count) }, asked, group.effects);
});

const everyBatch = (wrong: (batch: LedgerRecord, group: Receiver, view: HistoryView) => string | false | undefined) =>
  receivers.every((group, view) => {
    for (const batch of group.effects) {
      const what = wrong(batch, group, view);
      const seen = `${itemsIn(batch).length} items at ${Math.round(batch.at)} ms`;
      if (what) return violation(`A batch for ${group.key} ${what}.`, { seen }, batch, group.operations);
    }
    return undefined;
  });

/** Of the time of its first item, and of being full, whichever comes first; when nothing failed. */
const notLate = everyBatch((batch, group, view) => {
  if (view.faults.length > 0 || group.isInterrupted) return undefined;
  const accepted = arrivals(group, batch, view).map(({ to }) => to);
  const timeIsUp = Math.min(...accepted) + TIME;
  const due = accepted.length < SIZE ? timeIsUp : Math.min(timeIsUp, Math.max(...accepted));
  return batch.at > due + SLACK_MS && `was due at ${Math.round(due)} ms, and came late`;
});

const notEarly = everyBatch((batch, group, view) => {
  const accepted = arrivals(group, batch, view).map(({ from }) => from);
  const due = accepted.length < SIZE ? Math.min(...accepted) + TIME : Number.NEGATIVE_INFINITY;
  return batch.at < due - TICK_MS && `was not full, and came before its time, ${Math.round(due)} ms`;
});

const keepTheirContent = everyBatch((batch, group) => {
  const strange = itemsIn(batch).find((item) => askedFor(group, item).length === 0);
  return strange !== undefined && `has what nobody gave it: ${JSON.stringify(strange)}`;
});

/** What is accepted before another is asked for stands before it. Of what is sent ahead nobody hears when it is. */
const inOrder = everyBatch((batch, group, view) => {
  const accepted = arrivals(group, batch, view);
  const isTurned = accepted.some(({ from }, index) =>
    accepted.slice(index + 1).some(({ to, isAhead }) => !isAhead && to < from - TICK_MS),
  );
  return isTurned && "is not in the order in which its items came";
});

// --- the property

const give = (n: number, more: { receiver?: string; hasKey?: boolean; delayMs?: number } = {}) =>
  receive({ receiver: "@r1", item: `@i${n}`, hasKey: false, delayMs: 0, ...more });
const four = [give(0), give(1), give(2), give(3)];
const full = oneByOne(...four);
const once = give(0, { hasKey: true });
const delivery = at.externalCall("o4", 1);
const delivered = (fault: typeof faults.stall) => scenario(oneByOne(...four, give(4)), fault);

property("an item that was accepted is handed over in one batch, when that is full or its time has come", {
  pattern: "batching",
  settings: { ...settings, ...fastRetries },
  operations: { receive, expire },
  storm: { operations: 14 },
  goesOn: true,
  invariants: {
    "acked in exactly one batch": ackedInOneBatch,
    "in one batch at most": inOneBatchAtMost,
    "no batch too large": everyBatch((batch) => itemsIn(batch).length > SIZE && `is larger than ${SIZE}`),
    "no batch empty": everyBatch((batch) => itemsIn(batch).length === 0 && "is empty"),
    "no batch late": notLate,
    "no batch early": notEarly,
    "items keep their content": keepTheirContent,
    "items in order": inOrder,
    "no spurious effects": checks.noSpuriousEffects(receivers),
  },
  scenarios: {
    "a batch becomes full, and another begins": scenario(oneByOne(...four, give(4))),
    "a batch's time comes": scenario(oneByOne(give(5), give(6))),
    "many come at once, for two receivers": scenario(
      Object.fromEntries(
        CONTENTS.map((_, n) => [`o${n}`, give(n, { receiver: n % 3 === 0 ? "@r2" : "@r1" })] as const),
      ),
    ),
    "items keep coming until its time has come": scenario({
      o1: give(0),
      o2: give(1, { delayMs: 450 }),
      o3: give(2, { delayMs: 900 }),
    }),
    "the time of a batch that has gone comes when another is there": scenario({
      ...full,
      o5: give(4, { delayMs: 450 }),
    }),
    "nobody is waited for when the time of another batch comes": scenario(
      oneByOne(give(0), expire({ receiver: "@r1" }), give(1)),
    ),
    "sent again": scenario(oneByOne(once, once, give(0, { hasKey: true, delayMs: 450 }), attach("o1"))),
    "the same is sent as another item": scenario(oneByOne(give(0), give(0), once)),
    "sent again after a lost answer": scenario(oneByOne(once, once), faults.walkAway.after(at.invoked("o1"))),
    "cancelled before it is accepted": scenario({
      o1: give(0),
      o2: cancel("o1").before(at.message("o1", 1)),
      o3: give(1),
    }),
    "cancelled before its time has come, and sent again": scenario(
      oneByOne(give(0, { hasKey: true, delayMs: 450 }), cancel("o1"), once),
    ),
    "cancelled twice while it fills the batch": scenario({
      ...full,
      o5: cancel("o4").after(at.message("o4", 1)),
      o6: cancel("o4").after("o5"),
    }).inOrder(at.after(at.answered("o6")), at.before(at.message("o4", 2))),
    "terminated when it has filled the batch": scenario({ ...full, o5: terminate("o4").before(delivery) }).reachedWhen(
      receivers.some(({ isTerminated }) => isTerminated),
    ),
    "the service process is killed while a batch is open": scenario(full, faults.killEndpoint.after(at.answered("o2"))),
    "Restate is killed while a batch is open": scenario(
      oneByOne(give(0), give(1)),
      faults.killServer.after(at.answered("o2")),
    ),
    "the receiver is not available": delivered(faults.failCall.before(delivery)),
    "the receiver's answer is lost": delivered(faults.loseAnswer.after(delivery)),
    "the receiver's answer is late": delivered(faults.answerLate.after(delivery)),
    "the receiver stalls": delivered(faults.stall.before(delivery)),
    "the service process is killed when a batch has arrived": delivered(faults.killEndpoint.after(delivery)),
    "Restate is killed when a batch has arrived": delivered(faults.killServer.after(delivery)),
    "the service process freezes when a batch has arrived": delivered(faults.zombie.after(delivery)),
    ...disturbances("an item is accepted", give(0, { hasKey: true }), { message: 2 }),
  },
});
