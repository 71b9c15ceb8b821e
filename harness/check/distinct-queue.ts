import type { Json } from "../plan/index.ts";
import { encode } from "./encode.ts";
import { invalid } from "./evidence.ts";
import type { Verdict } from "./verdict.ts";

/** An operation on a queue; the places in the list of events tell when. `completion` is undefined when it never answered. */
export type QueueOperation = { name: string; invoke: number; completion: number | undefined } & (
  | { enqueue: Json }
  /** what it answered: an item, that there was none, or nothing */
  | { dequeue: { item: Json } | "empty" | undefined }
);

/**
 * Whether a queue's history is linearizable, without a search, when all items are different: the order in which enqueues
 * took effect shows only much later, and a search would try them all. A history is wrong exactly if it has one of four
 * patterns (Henzinger, Sezgin and Vafeiadis 2013): an item comes out that had not been put in; one comes out twice; one
 * overtakes another; or there is nothing, although something must have been there all the time.
 *
 * `ordered` is false for a bag, in which overtaking is no matter.
 * @returns undefined when that does not decide it: with equal items, or unanswered dequeues that may be to blame
 */
export function distinctQueue(operations: readonly QueueOperation[], ordered: boolean): Verdict | undefined {
  const items = new Map<string, Item>();
  for (const operation of operations) {
    if (!("enqueue" in operation)) continue;
    const key = encode(operation.enqueue);
    if (items.has(key)) return undefined;
    items.set(key, { value: operation.enqueue, put: operation, took: undefined });
  }
  const empty: QueueOperation[] = [];
  let mayHaveTaken = false;
  for (const operation of operations) {
    if ("enqueue" in operation) continue;
    if (operation.dequeue === undefined) mayHaveTaken = true;
    else if (operation.dequeue === "empty") empty.push(operation);
    else {
      const item = items.get(encode(operation.dequeue.item));
      const wrong = isNew(item, operation) ?? isOnce(item!, operation);
      if (wrong) return wrong;
      item!.took = operation;
    }
  }
  // An enqueue that was never answered, and whose item never came out, need not have happened.
  const all = [...items.values()].filter(({ put, took }) => took !== undefined || put.completion !== undefined);
  const overtaken = ordered ? overtakes(all, false) : undefined;
  if (overtaken) return overtaken;
  const missing = (ordered ? overtakes(all, true) : undefined) ?? emptiness(empty, all);
  if (missing === undefined) return { verdict: "valid" };
  return mayHaveTaken ? undefined : missing;
}

interface Item {
  value: Json;
  put: QueueOperation;
  took: QueueOperation | undefined;
}

const never = Number.POSITIVE_INFINITY;
const end = (operation: QueueOperation): number => operation.completion ?? never;

function isNew(item: Item | undefined, took: QueueOperation): Verdict | undefined {
  if (item === undefined) return contradict([took], `${format(took)} came out, which nobody had put in`);
  if (end(took) < item.put.invoke)
    return contradict([took, item.put], `${format(took)} came out before ${format(item.put)} began`);
  return undefined;
}

function isOnce(item: Item, took: QueueOperation): Verdict | undefined {
  return (
    item.took && contradict([item.put, item.took, took], `${format(item.took)} came out, and again ${format(took)}`)
  );
}

/**
 * Looks for an item that was certainly put in before another one, and certainly taken out after that, or not at all.
 * @param lost whether to look for those that were not taken out at all, or for the others
 */
function overtakes(all: readonly Item[], lost: boolean): Verdict | undefined {
  const earlier = all.filter(({ took }) => (took === undefined) === lost).sort((a, b) => end(a.put) - end(b.put));
  const later = all.filter(({ took }) => took !== undefined).sort((a, b) => a.put.invoke - b.put.invoke);
  let next = 0;
  let last: Item | undefined;
  for (const item of later) {
    for (; next < earlier.length && end(earlier[next]!.put) < item.put.invoke; next++)
      if (last === undefined || leaves(earlier[next]!) > leaves(last)) last = earlier[next];
    if (last === undefined || leaves(last) <= end(item.took!)) continue;
    const first = `${format(last.put)}, then ${format(item.put)}`;
    return last.took === undefined
      ? contradict(
          [last.put, item.put, item.took!],
          `${first}; but ${format(item.took!)}, and ${JSON.stringify(last.value)} never came out`,
        )
      : contradict(
          [last.put, item.put, item.took!, last.took],
          `${first}; but ${format(item.took!)}, then ${format(last.took)}`,
        );
  }
  return undefined;
}

/** The earliest time at which an item may have come out. */
const leaves = ({ took }: Item): number => took?.invoke ?? never;

/**
 * For each dequeue that found nothing there must be a moment before which some items came and went, and after which the
 * others came. What certainly came or went before the dequeue is among the first; so is what came or went before
 * something of these did. All of these must have been able to go by then.
 */
function emptiness(empty: readonly QueueOperation[], all: readonly Item[]): Verdict | undefined {
  // Whatever came out had been put in: its enqueue ended, at the latest, with its dequeue.
  const isIn = ({ put, took }: Item) => Math.min(end(put), took ? end(took) : never);
  const byTime = [...all].sort((one, other) => isIn(one) - isIn(other));
  for (const nothing of empty) {
    let reach = nothing.invoke;
    for (const item of byTime) {
      if (isIn(item) >= reach) break;
      if (leaves(item) > end(nothing))
        return contradict(
          item.took ? [item.put, item.took, nothing] : [item.put, nothing],
          `${format(nothing)} found nothing, although ${JSON.stringify(item.value)} was there: ${format(item.put)}${item.took ? `, and only later ${format(item.took)}` : ""}`,
        );
      reach = Math.max(reach, leaves(item));
    }
  }
  return undefined;
}

function contradict(operations: readonly QueueOperation[], summary: string): Verdict {
  const events = operations.flatMap(({ invoke, completion }) =>
    completion === undefined ? [invoke] : [invoke, completion],
  );
  return invalid(`${summary}.`, events);
}

function format(operation: QueueOperation): string {
  if ("enqueue" in operation) return `enqueue(${JSON.stringify(operation.enqueue)}) (${operation.name})`;
  const answer = typeof operation.dequeue === "object" ? JSON.stringify(operation.dequeue.item) : operation.dequeue;
  return `dequeue() -> ${answer ?? "?"} (${operation.name})`;
}
