import { isDeepStrictEqual } from "node:util";
import { type Performed, performed } from "../history/index.ts";
import type { Json } from "../plan/index.ts";
import type { Checker } from "./checker.ts";
import { eventsOf, invalid, nameOf, say } from "./evidence.ts";

export interface MonotonicReads {
  /** what an operation read of an object, if it did */
  read(one: Performed): { object: string; value: Json } | undefined;
  /** whether a value may be read after another one; by default: a number that is no smaller, a list that begins like it */
  follows?(later: Json, earlier: Json): boolean;
}

/** Reads never go back: one that began after another one had ended shows what that one showed, or more. */
export function monotonicReads({ read, follows = grows }: MonotonicReads): Checker {
  return (history) => {
    const reads = performed(history).flatMap((one) => {
      const what = one.invoke === undefined || one.completed === undefined ? undefined : read(one);
      return what ? [{ ...what, one }] : [];
    });
    for (const own of Map.groupBy(reads, ({ object }) => object).values())
      for (const later of own)
        for (const earlier of own)
          if (earlier.one.completed! < later.one.invoke! && !follows(later.value, earlier.value))
            return invalid(
              `${later.object} went back: ${nameOf(earlier.one)} read ${say(earlier.value)}, and ${nameOf(later.one)}, which began after that, read ${say(later.value)}.`,
              [...eventsOf(earlier.one), ...eventsOf(later.one)],
              { expected: `${say(earlier.value)} or later`, seen: say(later.value) },
            );
    return { verdict: "valid" };
  };
}

function grows(later: Json, earlier: Json): boolean {
  if (typeof later === "number" && typeof earlier === "number") return later >= earlier;
  if (Array.isArray(later) && Array.isArray(earlier)) return isDeepStrictEqual(later.slice(0, earlier.length), earlier);
  return isDeepStrictEqual(later, earlier);
}
