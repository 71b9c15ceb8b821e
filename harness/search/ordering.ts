import type { History } from "../history/index.ts";
import { type Moment, momentName, type Order, type Plan } from "../plan/index.ts";

/**
 * Looks for ordering constraints that make a plan fail more often. Tried are the order in which invocations began, the steps from one
 * operation to another, and both; then how far it had come when it was ended and what was done after an answer, and the
 * steps from one invocation to another. Of the best of these, those that do not help are removed.
 *
 * @param failing a run that failed
 * @param measure how often a candidate fails, of some fixed number of runs
 * @param least how often the plan fails without them
 * @param most how often it can fail: what fails so often needs no others
 * @returns the plan with those that were worth it, or as it was
 */
export async function held(
  plan: Plan,
  failing: History,
  measure: (candidate: Plan) => Promise<number>,
  least: number,
  goOn: () => boolean,
  most = Number.POSITIVE_INFINITY,
): Promise<Plan> {
  let best = plan;
  let rate = least;
  const attempt = async (candidate: Plan, atLeast: number): Promise<void> => {
    if (!goOn()) return;
    const measured = await measure(candidate);
    if (measured < atLeast) return;
    best = candidate;
    rate = measured;
  };
  const [begun, steps, finer] = [beginningsOf(failing), stepsOf(failing), stepsOf(failing, partyOf)];
  const [ended, late] = [endingsOf(failing), stragglersOf(failing)];
  const together = (a: Order[], b: Order[]) => (a.length > 0 && b.length > 0 ? [...a, ...b] : []);
  const orders = [begun, steps, together(begun, steps), late, together(steps, late), together(ended, late)];
  if (finer.length > steps.length) orders.push(finer, together(begun, finer));
  const given = plan.happensBefore ?? [];
  for (const order of orders)
    if (order.length > 0 && rate < most) await attempt({ ...plan, happensBefore: [...given, ...order] }, rate + 1);
  for (const order of best.happensBefore ?? []) {
    if (given.includes(order)) continue;
    await attempt({ ...best, happensBefore: (best.happensBefore ?? []).filter((one) => one !== order) }, rate);
  }
  return best;
}

/** The order in which handlers got their inputs: each operation is invoked only when the one before it has begun. */
export function beginningsOf({ moments = [] }: History): Order[] {
  const beginnings = moments.filter(begins);
  return beginnings.slice(1).flatMap((moment, index): Order[] => {
    const first = beginnings[index];
    if (!first || first.operation === moment.operation) return [];
    return [{ first, second: { at: "operation", operation: moment.operation, point: "invoke", when: "before" } }];
  });
}

/** Whenever a run went from one party to another: what came last at the one comes before what came next at the other. */
export function stepsOf({ moments = [] }: History, party = ({ operation }: Moment): string => operation): Order[] {
  const orders = new Map<string, Order>();
  let latest: Moment | undefined;
  for (const moment of moments) {
    if (moment.when === "after") latest = moment;
    else if (latest && party(latest) !== party(moment) && canWait(moment)) {
      orders.set(`${momentName(latest)} < ${momentName(moment)}`, { first: latest, second: moment });
      latest = undefined;
    }
  }
  return [...orders.values()];
}

/** The parties within an operation: its children run beside each other. */
export function partyOf(moment: Moment): string {
  return moment.at === "message" && moment.child !== undefined
    ? `${moment.operation}/${moment.child}`
    : moment.operation;
}

/**
 * How far an operation had come when it was answered, of those that somebody ended: it is ended only then. In the run that
 * failed this may have been asked for long before it was heard.
 */
export function endingsOf({ plan, moments = [] }: History): Order[] {
  return plan.operations.flatMap(({ id, kind, of }): Order[] => {
    if (kind !== "cancel" && kind !== "terminate") return [];
    const answered = moments.findIndex(
      (moment) => moment.at === "operation" && moment.operation === of && moment.point === "completion",
    );
    const first = moments
      .slice(0, Math.max(answered, 0))
      .findLast(({ at, operation, when }) => at === "effect" && operation === of && when === "after");
    return first ? [{ first, second: { at: "operation", operation: id, point: "invoke", when: "before" } }] : [];
  });
}

/** What still happens for an operation when its client has heard: what comes next, at each child and outside, comes after. */
export function stragglersOf({ moments = [] }: History): Order[] {
  return moments.flatMap((first, index): Order[] => {
    if (first.at !== "operation" || first.point !== "completion" || first.when !== "after") return [];
    const next = new Map<string, Moment>();
    for (const moment of moments.slice(index)) {
      if (moment.operation !== first.operation || moment.when !== "before") continue;
      const place = moment.at === "message" ? partyOf(moment) : moment.at;
      if (!next.has(place)) next.set(place, moment);
    }
    return [...next.values()].map((second) => ({ first, second }));
  });
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
