import type { FaultShape } from "../plan/index.ts";
import { FaultDraft, type OperationDraft } from "./draft.ts";
import { answered, externalCall, message, type Point } from "./point.ts";
import { type Scenario, scenario } from "./scenario.ts";

/** Where an operation is disturbed. What can strike at both is injected at the external call. */
export interface Disturbed {
  /** which of its external calls, from 1 */
  call?: number;
  /** which message of its first attempt to Restate, from 1 */
  message?: number;
  /** of which of its children the message is; of none by default */
  child?: number;
}

/**
 * Makes the scenarios of one operation, alone unless others are named, under each kind of fault there is: a new kind joins
 * by itself, and one that cannot be injected there is left out. What can be injected before or after a place is injected after it: something has
 * happened, and nobody knows yet. A process that freezes thaws just before the operation is answered; what is held
 * besides is held until the recovery phase.
 *
 *     ...disturbances("a trip is booked", book(TRIP), { call: 3, message: 3 })
 *
 * @param shapes the kinds of fault
 * @param beside other operations of the scenario, by their ids; the one that is disturbed is o1
 * @returns scenarios by their names, such as "a trip is booked, though the service process is killed".
 *   @throws when no kind can be injected there
 */
export const disturbancesBy =
  (shapes: readonly FaultShape[]) =>
  (
    what: string,
    operation: OperationDraft,
    where: Disturbed,
    beside: Readonly<Record<string, OperationDraft>> = {},
  ): Record<string, Scenario> => {
    const places = placesOf(where);
    const scenarios = shapes.flatMap((shape): [string, Scenario][] => {
      const fault = faultOf(shape, places);
      return fault ? [[`${what}, though ${shape.description}`, scenario({ ...beside, [ID]: operation }, fault)]] : [];
    });
    if (scenarios.length === 0) throw new Error(`"${what}" is not disturbed: name an external call, or a message`);
    return Object.fromEntries(scenarios);
  };

const ID = "o1";

function placesOf({ call, message: n, child }: Disturbed): Point[] {
  return [
    ...(call === undefined ? [] : [externalCall(ID, call)]),
    ...(n === undefined ? [] : [message(ID, n, child === undefined ? {} : { child })]),
  ];
}

/** The fault of a kind at the first place where it can be injected. */
function faultOf({ name, at, scope, untilHealed }: FaultShape, places: readonly Point[]): FaultDraft | undefined {
  for (const place of places) {
    const possible = at.find((one) => one.at === place.at);
    if (!possible) continue;
    const draft = new FaultDraft(name);
    const fault = possible.when === "before" ? draft.before(place) : draft.after(place);
    return untilHealed && scope === "process" ? fault.until(answered(ID)) : fault;
  }
  return undefined;
}
