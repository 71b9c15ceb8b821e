import type { HistoryEvent } from "../history/index.ts";
import type { Checker } from "./checker.ts";
import { invalid } from "./evidence.ts";

/** The beginning or end of the use of something that is shared. */
export interface Use {
  resource: string;
  user: string;
  phase: "begin" | "end";
}

export interface BoundedConcurrency {
  /** so many users at a time, of each resource */
  limit: number;
  use(event: HistoryEvent, index: number): Use | undefined;
}

/** No resource ever has more users at a time than the limit. A use that never ends lasts for ever. */
export function boundedConcurrency({ limit, use }: BoundedConcurrency): Checker {
  return ({ events }) => {
    /** by resource: its users, and where they began */
    const users = new Map<string, Map<string, number>>();
    for (const [index, event] of events.entries()) {
      const what = use(event, index);
      if (!what) continue;
      const { resource, user, phase } = what;
      const current = users.get(resource) ?? new Map<string, number>();
      users.set(resource, current);
      if (phase === "end") current.delete(user);
      else if (!current.has(user)) current.set(user, index);
      if (current.size > limit)
        return invalid(
          `${resource} is used by ${[...current.keys()].join(", ")} at the same time.`,
          [...current.values()],
          {
            expected: `at most ${limit} at a time`,
            seen: String(current.size),
          },
        );
    }
    return { verdict: "valid" };
  };
}

/** No resource ever has two users at a time. */
export function mutualExclusion({ use }: Pick<BoundedConcurrency, "use">): Checker {
  return boundedConcurrency({ limit: 1, use });
}
