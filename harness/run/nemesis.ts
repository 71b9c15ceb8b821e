import type { FaultEvent } from "../history/index.ts";
import { type Fault, type Moment, momentName, type Plan } from "../plan/index.ts";
import { faultKind, type Scene, type Strike } from "./faults/index.ts";

/** What a strike means for the thing at whose moment it came. */
export type Outcome = Pick<Strike, "decision" | "external">;
const PASS: Outcome = {};

interface Struck {
  fault: Fault;
  strike: Promise<Strike>;
  healing: Promise<void> | undefined;
  /** settles when healing begins: what the fault holds may go on */
  released: PromiseWithResolvers<void>;
}

/**
 * Drives the faults of one case: it is told of every moment that the run reaches, strikes what the plan says, holds what
 * pins order, and heals. Everything in it happens because a moment was reached, never because time has passed.
 */
export class Nemesis {
  readonly #faults = new Map<string, Fault[]>();
  readonly #heals = new Map<string, Fault[]>();
  readonly #struck = new Map<string, Struck>();
  /** pins by the name of their second moment, with the first that it waits for */
  readonly #pins = new Map<string, string[]>();
  /** the operations at whose moments something may happen */
  readonly #concerned = new Set<string>();
  /** moments that somebody waits for */
  readonly #awaited = new Map<string, PromiseWithResolvers<void>>();
  readonly #record: (event: Omit<FaultEvent, "type" | "at">) => void;
  readonly #scene: (moment: Moment) => Scene;
  readonly #closing = Promise.withResolvers<void>();
  #closed = false;
  /** faults whose heal is under way */
  readonly #healing = new Set<Fault>();
  /** what healed faults still have under way, in words, by fault */
  readonly #restless = new Map<Fault, string>();
  /** pins whose first moment never came while their second was held */
  readonly brokenPins: string[] = [];

  constructor(plan: Plan, scene: (moment: Moment) => Scene, record: (event: Omit<FaultEvent, "type" | "at">) => void) {
    this.#scene = scene;
    this.#record = record;
    for (const fault of plan.faults) {
      push(this.#faults, this.#heed(fault.at), fault);
      if (fault.heal) push(this.#heals, this.#heed(fault.heal), fault);
    }
    for (const { first, second } of plan.pins ?? []) {
      push(this.#pins, this.#heed(second), momentName(first));
      this.#wait(this.#heed(first));
    }
    for (const { at } of plan.operations) if (at) this.#wait(this.#heed(at));
  }

  #heed(moment: Moment): string {
    this.#concerned.add(moment.operation);
    return momentName(moment);
  }

  /** Settles once the run has come to a moment that the plan names, or at the closing phase. */
  async reached(moment: Moment): Promise<void> {
    await Promise.race([this.#wait(this.#heed(moment)).promise, this.#closing.promise]);
  }

  /** To be called at every moment. Most are of no interest: then it answers at once, without a promise. */
  at(moment: Moment, detail: string): Outcome | Promise<Outcome> {
    if (!this.#concerned.has(moment.operation)) return PASS;
    const name = momentName(moment);
    const interesting =
      this.#faults.has(name) || this.#heals.has(name) || this.#pins.has(name) || this.#awaited.has(name);
    return interesting ? this.#enter(name, moment, detail) : PASS;
  }

  async #enter(name: string, moment: Moment, detail: string): Promise<Outcome> {
    for (const first of this.#pins.get(name) ?? []) await this.#hold(first, name);
    let outcome = PASS;
    for (const fault of this.#faults.get(name) ?? [])
      outcome = { ...outcome, ...(await this.#strike(fault, moment, detail)) };
    for (const fault of this.#heals.get(name) ?? []) this.#healInBackground(fault.id);
    this.#awaited.get(name)?.resolve();
    return outcome;
  }

  async #hold(first: string, second: string): Promise<void> {
    const { promise } = this.#wait(first);
    const never = Symbol();
    const winner = await Promise.race([promise, this.#closing.promise.then(() => never)]);
    if (winner === never) this.brokenPins.push(`"${first}" never came, and "${second}" waited for it`);
  }

  async #strike(fault: Fault, moment: Moment, detail: string): Promise<Outcome> {
    const kind = faultKind(fault.kind);
    // what begins in the closing phase, of what lasts or disturbs others, would never end
    if (this.#struck.has(fault.id) || (this.#closed && (kind.lasting || kind.alone))) return PASS;
    this.#record({ fault: fault.id, kind: fault.kind, phase: "struck", detail });
    const strike = Promise.resolve(kind.strike(this.#scene(moment)));
    const struck: Struck = { fault, strike, healing: undefined, released: Promise.withResolvers<void>() };
    this.#struck.set(fault.id, struck);
    const { hold, healAtOnce, decision, external } = await strike;
    if (healAtOnce) this.#healInBackground(fault.id);
    if (hold) await struck.released.promise;
    return { ...(decision && { decision }), ...(external && { external }) };
  }

  /** Ends a fault that has struck; settles when it has ended. Idempotent. */
  async heal(id: string): Promise<void> {
    const struck = this.#struck.get(id);
    if (!struck) return;
    struck.healing ??= this.#heal(struck);
    await struck.healing;
  }

  /** If it fails, the closing phase hears of it. */
  #healInBackground(id: string): void {
    this.heal(id).catch(() => {});
  }

  async #heal({ fault, strike, released }: Struck): Promise<void> {
    this.#healing.add(fault);
    try {
      const { hold, heal, rested } = await strike;
      released.resolve();
      const healing = heal?.();
      if (rested) this.#awaitRest(fault, rested());
      await healing;
      if (!hold && !heal) return;
    } finally {
      this.#healing.delete(fault);
    }
    this.#record({ fault: fault.id, kind: fault.kind, phase: "healed" });
  }

  #awaitRest(fault: Fault, rested: Promise<void>): void {
    const name = nameOf(fault);
    this.#restless.set(fault, `what ${name} had stopped has not yet come to rest`);
    rested.then(
      () => this.#restless.delete(fault),
      (error: Error) => this.#restless.set(fault, `what ${name} had stopped does not come to rest: ${error.message}`),
    );
  }

  /** The heals that are under way, by fault: while there are any, a run is not stuck, it waits for them. */
  get healing(): string[] {
    return [...this.#healing].map(nameOf);
  }

  /** What healed faults still have under way, in words: the run is not quiescent while there is any. */
  get restless(): string[] {
    return [...this.#restless.values()];
  }

  /**
   * The closing phase: releases what pins hold, and heals all that still lasts, at once: one may need what another holds.
   * @throws the first error of a heal, once all have settled
   */
  async close(): Promise<void> {
    this.#closed = true;
    this.#closing.resolve();
    const heals = await Promise.allSettled([...this.#struck.keys()].map((id) => this.heal(id)));
    for (const heal of heals) if (heal.status === "rejected") throw heal.reason;
  }

  /** To be called at the very end. */
  recordMissed(): void {
    for (const fault of [...this.#faults.values()].flat())
      if (!this.#struck.has(fault.id)) this.#record({ fault: fault.id, kind: fault.kind, phase: "missed" });
  }

  #wait(name: string): PromiseWithResolvers<void> {
    let waiting = this.#awaited.get(name);
    if (!waiting) {
      waiting = Promise.withResolvers<void>();
      this.#awaited.set(name, waiting);
    }
    return waiting;
  }
}

const nameOf = ({ id, kind }: Fault): string => `the fault ${id} (${kind})`;

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}
