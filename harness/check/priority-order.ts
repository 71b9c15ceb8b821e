import { type HistoryEvent, type Performed, performed } from "../history/index.ts";
import { type Checker, defaultBudget } from "./checker.ts";
import { judge, type RecordedOperation } from "./judge.ts";
import type { Model } from "./model.ts";

export interface PriorityOrder {
  /** so many items have a slot at a time, in each queue */
  limit: number;
  /** which item an operation puts in a queue, and how urgent it is: lower numbers first */
  pushed(one: Performed): { queue: string; item: string; priority: number } | undefined;
  /** which waiting item an operation takes out of a queue, at some time after it was invoked, or never */
  dropped?(one: Performed): { queue: string; item: string } | undefined;
  /** the event by which an item is seen to have been given a slot */
  granted(event: HistoryEvent, index: number): { queue: string; item: string } | undefined;
  /** the event by which a slot becomes free */
  freed(event: HistoryEvent, index: number): { queue: string } | undefined;
}

/**
 * When a slot is free it goes to the waiting item with the best priority, first come first served among equals.
 *
 * When exactly an item came to wait, and when the queue made up its mind, no event shows: the one lies between the invoke
 * and the completion of the push, the other between the push and the grant that was seen. So this asks for a
 * linearization of a priority queue with such operations; an inversion counts only if no order explains it.
 */
export function priorityOrder(options: PriorityOrder): Checker {
  return (history, budget = defaultBudget) => {
    const witnessed: RecordedOperation<Act, Told>[] = [];
    const begun = new Map<string, number>();
    for (const one of performed(history)) {
      if (one.invoke === undefined) continue;
      const answered = one.completion?.type === "ok" ? one.completed : undefined;
      const base = { name: one.operation.id, invoke: one.invoke, completion: one.completed };
      const push = options.pushed(one);
      if (push) {
        begun.set(JSON.stringify([push.queue, push.item]), one.invoke);
        const told = answered === undefined ? undefined : "done";
        witnessed.push({
          ...base,
          observed: { input: { act: "push", ...push }, output: told, call: one.invoke, return: answered },
        });
      }
      const drop = options.dropped?.(one);
      if (drop)
        witnessed.push({
          ...base,
          observed: { input: { act: "drop", ...drop }, output: undefined, call: one.invoke, return: undefined },
        });
    }
    history.events.forEach((event, index) => {
      const moment = { name: `event ${index}`, invoke: index, completion: undefined };
      const grant = options.granted(event, index);
      if (grant) {
        const since = Math.min(begun.get(JSON.stringify([grant.queue, grant.item])) ?? index, index);
        const observed = {
          input: { act: "grant", ...grant } as const,
          output: "done" as const,
          call: since,
          return: index,
        };
        witnessed.push({ ...moment, observed });
      }
      const free = options.freed(event, index);
      if (free) {
        const observed = {
          input: { act: "free", ...free } as const,
          output: "done" as const,
          call: index,
          return: index,
        };
        witnessed.push({ ...moment, observed });
      }
    });
    return judge(slots(options.limit), witnessed, budget);
  };
}

type Act =
  | { act: "push"; queue: string; item: string; priority: number }
  | { act: "drop" | "grant"; queue: string; item: string }
  | { act: "free"; queue: string };
type Told = "done";

interface Slots {
  taken: number;
  /** best first */
  waiting: readonly { item: string; priority: number }[];
}

/** A queue that gives `limit` slots to the best of those who wait. */
function slots(limit: number): Model<Slots, Act, Told> {
  return {
    name: "priority queue",
    init: () => ({ taken: 0, waiting: [] }),
    partition: ({ queue }) => queue,
    step({ taken, waiting }, input) {
      switch (input.act) {
        case "push": {
          const { item, priority } = input;
          const at = waiting.findIndex((other) => other.priority > priority);
          return [{ taken, waiting: waiting.toSpliced(at < 0 ? waiting.length : at, 0, { item, priority }) }];
        }
        case "drop":
          return [{ taken, waiting: waiting.filter(({ item }) => item !== input.item) }];
        case "grant":
          return taken < limit && waiting[0]?.item === input.item
            ? [{ taken: taken + 1, waiting: waiting.slice(1) }]
            : [];
        case "free":
          return taken > 0 ? [{ taken: taken - 1, waiting }] : [];
      }
    },
    describe(input) {
      if (input.act === "free") return "a slot becomes free";
      if (input.act === "push") return `push(${input.item}, priority ${input.priority})`;
      return `${input.act}(${input.item})`;
    },
    describeState({ taken, waiting }) {
      const queue = waiting.map(({ item, priority }) => `${item} (${priority})`).join(", ") || "nobody";
      return `${taken} of ${limit} slots are taken and ${queue} waits`;
    },
  };
}
