import type { HistoryView } from "../history/index.ts";

/** When a run came to a place in its history, in milliseconds from its start; Infinity where it never came to it. */
export const timeAt = (place: number, { events }: Pick<HistoryView, "events">): number =>
  events[place]?.at ?? Number.POSITIVE_INFINITY;
