import { type HistoryEvent, type Performed, performed } from "../history/index.ts";
import type { Checker } from "./checker.ts";
import { eventsOf, invalid, nameOf } from "./evidence.ts";

export interface Lane {
  /** only items of one lane are ordered among each other */
  lane: string;
  item: string;
}

export interface Fifo {
  /** what an operation puts in, if anything; every item once */
  offered(one: Performed): Lane | undefined;
  /** what comes out with an event, if anything; of an item that comes out again only the first time counts */
  taken(event: HistoryEvent, index: number): Lane | undefined;
}

/**
 * First in, first out, lane by lane: an item whose offer had succeeded before another one was offered comes out before
 * that one. Offers that overlap in time, or that nobody answered, may go either way.
 */
export function fifo({ offered, taken }: Fifo): Checker {
  return (history) => {
    const offers = new Map<string, Performed>();
    for (const one of performed(history)) {
      const lane = one.invoke === undefined ? undefined : offered(one);
      if (lane !== undefined) offers.set(keyOf(lane), one);
    }
    const seen = new Set<string>();
    /** by lane: of what has come out so far, the item that was offered last */
    const latest = new Map<string, { offer: Performed; item: string; index: number }>();
    for (const [index, event] of history.events.entries()) {
      const lane = taken(event, index);
      const offer = lane && offers.get(keyOf(lane));
      if (!offer || seen.has(keyOf(lane))) continue;
      seen.add(keyOf(lane));
      const other = latest.get(lane.lane);
      if (other && offer.completion?.type === "ok" && offer.completed! < other.offer.invoke!)
        return invalid(
          `In ${lane.lane}, ${other.item} came out before ${lane.item}, which had been put in by ${nameOf(offer)} before ${nameOf(other.offer)} began.`,
          [...eventsOf(offer), other.offer.invoke!, other.index, index],
          { expected: `${lane.item}, then ${other.item}`, seen: `${other.item}, then ${lane.item}` },
        );
      if (!other || offer.invoke! > other.offer.invoke!) latest.set(lane.lane, { offer, item: lane.item, index });
    }
    return { verdict: "valid" };
  };
}

const keyOf = ({ lane, item }: Lane): string => JSON.stringify([lane, item]);
