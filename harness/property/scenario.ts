import { type HistoryView, RECOVERY_CLIENT } from "../history/index.ts";
import type { Moment, Order, Plan } from "../plan/index.ts";
import type { FaultDraft, OperationDraft } from "./draft.ts";

/**
 * A situation that a run must have met to mean anything, with a plan that brings it about: it is run first, so that
 * nothing is left to luck, and a full run in which it was never reached is vacuous (QuickCheck's cover, Antithesis'
 * sometimes-assertions).
 */
export class Scenario {
  readonly #operations: Readonly<Record<string, OperationDraft>>;
  readonly #faults: readonly FaultDraft[];
  readonly #orders: readonly Order[];
  readonly #reached: ((view: HistoryView) => boolean) | undefined;

  constructor(
    operations: Readonly<Record<string, OperationDraft>>,
    faults: readonly FaultDraft[],
    orders: readonly Order[] = [],
    reached?: (view: HistoryView) => boolean,
  ) {
    this.#operations = operations;
    this.#faults = faults;
    this.#orders = orders;
    this.#reached = reached;
  }

  /** When it counts as reached: by default when all of its faults were injected, its interruptions were heeded, and refused was what was to be. */
  reachedWhen(seen: (view: HistoryView) => boolean): Scenario {
    return new Scenario(this.#operations, this.#faults, this.#orders, seen);
  }

  /** An order that the run is held to. */
  inOrder(first: Moment, second: Moment): Scenario {
    return new Scenario(this.#operations, this.#faults, [...this.#orders, { first, second }], this.#reached);
  }

  /** The plan that brings it about. @throws when a fault does not say where it is injected */
  get plan(): Plan {
    return {
      operations: Object.entries(this.#operations).map(([id, draft]) => draft.as(id)),
      faults: this.#faults.map((draft, index) => draft.as(`f${index + 1}`)),
      ...(this.#orders.length > 0 && { happensBefore: [...this.#orders] }),
    };
  }

  /** Whether a run, of whatever plan, came to it. */
  isReached(view: HistoryView): boolean {
    if (this.#reached) return this.#reached(view);
    const injected = view.faults.map(({ kind }) => kind);
    const ended = view.operations.flatMap(({ kind, client, outcome, error }) =>
      client === RECOVERY_CLIENT || outcome === "info" ? [] : [endOf(kind, error?.code)],
    );
    // what somebody ends in time has no end of which its client knows
    const interrupted = Object.values(this.#operations).map(({ ends }) => ends);
    const drafts = Object.entries(this.#operations).flatMap(([id, draft]) => {
      const mustEnd = this.#faults.length === 0 && !interrupted.includes(id);
      return mustEnd || draft.isReferring || draft.refusal !== undefined ? [draft] : [];
    });
    return (
      includesAll(
        injected,
        this.#faults.map(({ kind }) => kind),
      ) &&
      includesAll(
        ended,
        drafts.map(({ kind, refusal }) => endOf(kind, refusal)),
      )
    );
  }
}

/** "result", or "result 404" for one that is refused. */
const endOf = (kind: string, refusal: number | undefined): string =>
  refusal === undefined ? kind : `${kind} ${refusal}`;

/** Whether a list has each of the items at least as often. */
function includesAll(list: readonly string[], items: readonly string[]): boolean {
  const times = (of: readonly string[], item: string) => of.filter((one) => one === item).length;
  return items.every((item) => times(list, item) >= times(items, item));
}

/**
 * A scenario of operations, by their ids, and faults. Each operation has a client of its own and is invoked at once, unless
 * it says otherwise.
 *
 *     scenario({ o1: run(THREE), o2: cancel("o1").before(externalCall("o1", 2)) }, faults.killEndpoint.after(answered("o1")))
 */
export const scenario = (operations: Readonly<Record<string, OperationDraft>>, ...faults: FaultDraft[]): Scenario =>
  new Scenario(operations, faults);

/**
 * Operations o1, o2, ... of a scenario: each is invoked when the one before it has completed, unless it says otherwise.
 *
 *     scenario(oneByOne(reserve(first), status(first.product), reserve(second).via("front")))
 */
export const oneByOne = (...drafts: OperationDraft[]): Record<string, OperationDraft> =>
  Object.fromEntries(
    drafts.map((draft, index) => [`o${index + 1}`, index === 0 || draft.isPlaced ? draft : draft.after(`o${index}`)]),
  );
