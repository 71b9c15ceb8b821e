import type { History } from "../history/index.ts";
import { type Moment, momentName, type Pin, type Plan } from "../plan/index.ts";

/**
 * Looks for pins that make a plan fail more often: the order in which the moments of different operations followed each
 * other in a run that failed, first all of it, then with pins removed that do not help.
 *
 * @param measure how often a candidate fails, of some fixed number of runs
 * @param least how often the plan fails without pins
 * @returns the plan with the pins that were worth it, or as it was
 */
export async function pinned(
  plan: Plan,
  failing: History,
  measure: (candidate: Plan) => Promise<number>,
  least: number,
  goOn: () => boolean,
): Promise<Plan> {
  let best = { ...plan, pins: pinsOf(failing) };
  if (best.pins.length === 0 || !goOn()) return plan;
  let rate = await measure(best);
  if (rate <= least) return plan;
  for (const pin of best.pins) {
    if (!goOn()) break;
    const candidate = { ...best, pins: best.pins.filter((one) => one !== pin) };
    const without = await measure(candidate);
    if (without < rate) continue;
    best = candidate;
    rate = without;
  }
  return best;
}

/**
 * The order of a run, as pins: whenever it went from one operation to another, what came last at the one comes before
 * what came next at the other; and operations whose invocations began one after the other are invoked so.
 */
export function pinsOf(history: History): Pin[] {
  const pins = new Map<string, Pin>();
  const add = (first: Moment | undefined, second: Moment): void => {
    if (first) pins.set(`${momentName(first)} < ${momentName(second)}`, { first, second });
  };
  let latest: Moment | undefined;
  let begun: Moment | undefined;
  for (const moment of history.moments ?? []) {
    if (begins(moment)) {
      if (begun && begun.operation !== moment.operation)
        add(begun, { at: "operation", operation: moment.operation, point: "invoke", when: "before" });
      begun = moment;
    }
    if (moment.when === "after") latest = moment;
    else if (latest && latest.operation !== moment.operation && canWait(moment)) {
      add(latest, moment);
      latest = undefined;
    }
  }
  return [...pins.values()];
}

/** The handler of an operation has got its input for the first time. */
const begins = (moment: Moment): boolean =>
  moment.at === "message" &&
  moment.child === undefined &&
  moment.attempt === 1 &&
  moment.direction === "to-endpoint" &&
  moment.message === 2 &&
  moment.when === "after";

/** What a client has already heard cannot be held back. */
const canWait = (moment: Moment): boolean => moment.at !== "operation" || moment.point === "invoke";
