import { isDeepStrictEqual } from "node:util";
import { type Performed, performed } from "../history/index.ts";
import type { Json } from "../plan/index.ts";
import type { Checker } from "./checker.ts";
import { eventsOf, invalid, nameOf, say } from "./evidence.ts";

export interface SingleValue {
  /** what an operation was told of an object: its value, or that it has none yet; undefined when it was told nothing */
  told(one: Performed): { object: string; value: Json | undefined } | undefined;
  /** which value an operation offers to an object, if any */
  offered?(one: Performed): { object: string; value: Json } | undefined;
}

/**
 * A write-once register, seen from outside: whoever is told a value of an object is told the same one; nobody who asks
 * after that is told that there is none yet; and it is a value that somebody had offered.
 */
export function singleValue({ told, offered }: SingleValue): Checker {
  return (history) => {
    const all = performed(history).filter(({ invoke }) => invoke !== undefined);
    const offers = all.flatMap((one) => {
      const offer = offered?.(one);
      return offer ? [{ ...offer, one }] : [];
    });
    /** by object: the first that was told a value */
    const first = new Map<string, { one: Performed; value: Json }>();
    const answers = all.flatMap((one) => {
      const answer = one.completed === undefined ? undefined : told(one);
      return answer ? [{ ...answer, one }] : [];
    });
    answers.sort((a, b) => a.one.completed! - b.one.completed!);
    for (const { object, value, one } of answers) {
      const known = first.get(object);
      const both = known ? [...eventsOf(known.one), ...eventsOf(one)] : [];
      if (value === undefined) {
        if (known && known.one.completed! < one.invoke!)
          return invalid(
            `${nameOf(one)} was told that ${object} has no value, after ${nameOf(known.one)} was told ${say(known.value)}.`,
            both,
            {
              expected: say(known.value),
              seen: "no value",
            },
          );
        continue;
      }
      if (known && !isDeepStrictEqual(known.value, value))
        return invalid(
          `${object} has two values: ${nameOf(known.one)} was told ${say(known.value)}, and ${nameOf(one)} was told ${say(value)}.`,
          both,
          {
            expected: say(known.value),
            seen: say(value),
          },
        );
      const isOffered = offers.some(
        (offer) =>
          offer.object === object && offer.one.invoke! < one.completed! && isDeepStrictEqual(offer.value, value),
      );
      if (offered && !isOffered)
        return invalid(
          `${nameOf(one)} was told that ${object} is ${say(value)}, which nobody had offered.`,
          eventsOf(one),
        );
      if (!known) first.set(object, { one, value });
    }
    return { verdict: "valid" };
  };
}
