import { isDeepStrictEqual } from "node:util";
import type { Json } from "../../plan/index.ts";
import { encode } from "../encode.ts";
import type { Model } from "../model.ts";

export type QueueInput = { f: "enqueue"; value: Json } | { f: "dequeue" };
/** A dequeue answers the item, or that there was none; an enqueue null. */
export type QueueOutput = { item: Json } | "empty" | null;

const describe: NonNullable<Model<unknown, QueueInput, QueueOutput>["describe"]> = (input, output) => {
  if (input.f === "enqueue") return `enqueue(${JSON.stringify(input.value)})`;
  const answer = typeof output === "object" && output !== null ? JSON.stringify(output.item) : (output ?? "?");
  return `dequeue() -> ${answer}`;
};

/** First in, first out. */
export const queue: Model<readonly Json[], QueueInput, QueueOutput> = {
  name: "queue",
  init: () => [],
  step(items, input, output) {
    if (input.f === "enqueue") return [[...items, input.value]];
    const [first, ...rest] = items;
    if (first === undefined) return output === undefined || output === "empty" ? [items] : [];
    return output === undefined || isItem(output, first) ? [rest] : [];
  },
  describe,
  describeState: (items) => (items.length === 0 ? "the queue is empty" : `the queue holds ${JSON.stringify(items)}`),
};

/** A queue that keeps no order. */
export const bag: Model<readonly Json[], QueueInput, QueueOutput> = {
  name: "bag",
  init: () => [],
  step(items, input, output) {
    if (input.f === "enqueue") return [[...items, input.value]];
    if (items.length === 0) return output === undefined || output === "empty" ? [items] : [];
    return items.flatMap((item, at) => (output === undefined || isItem(output, item) ? [items.toSpliced(at, 1)] : []));
  },
  key: (items) => items.map(encode).sort().join("\n"),
  describe,
  describeState: (items) => (items.length === 0 ? "the bag is empty" : `the bag holds ${JSON.stringify(items)}`),
};

function isItem(output: QueueOutput, item: Json): boolean {
  return typeof output === "object" && output !== null && isDeepStrictEqual(output.item, item);
}
