import { type FaultContext, faultKind, type Interference } from "../faults/index.ts";
import type { FaultEvent } from "../history/index.ts";
import { type Fault, type Moment, momentName, type Plan } from "../plan/index.ts";

/** What a fault means for the thing at whose moment it was injected. */
export type Decided = Pick<Interference, "decision" | "external" | "webhook">;
const PASS: Decided = {};

interface InjectedFault {
  fault: Fault;
  injection: Promise<Interference>;
  healing: Promise<void> | undefined;
  /** settles when healing begins: what the fault holds may go on */
  released: PromiseWithResolvers<void>;
}

/**
 * Drives the faults of one case: it is told of every moment that the run reaches, injects what the plan says, holds what
 * must come later, and heals. Everything in it happens because a moment was reached, never because time has passed.
 */
export class Nemesis {
  readonly #faults = new Map<string, Fault[]>();
  readonly #heals = new Map<string, Fault[]>();
  readonly #injected = new Map<string, InjectedFault>();
  /** ordering constraints by the name of their second moment, with the first that it waits for */
  readonly #orders = new Map<string, string[]>();
  /** the operations at whose moments something may happen */
  readonly #concerned = new Set<string>();
  /** moments that somebody waits for */
  readonly #awaited = new Map<string, PromiseWithResolvers<void>>();
  readonly #record: (event: Omit<FaultEvent, "type" | "at">) => void;
  readonly #context: (moment: Moment) => FaultContext;
  readonly #recovery = Promise.withResolvers<void>();
  #recovering = false;
  /** faults whose heal is under way */
  readonly #healing = new Set<Fault>();
  /** what healed faults still have under way, in words, by fault */
  readonly #restless = new Map<Fault, string>();
  /** ordering constraints whose first moment never came while their second was held */
  readonly brokenOrders: string[] = [];

  constructor(
    plan: Plan,
    context: (moment: Moment) => FaultContext,
    record: (event: Omit<FaultEvent, "type" | "at">) => void,
  ) {
    this.#context = context;
    this.#record = record;
    for (const fault of plan.faults) {
      push(this.#faults, this.#heed(fault.at), fault);
      if (fault.heal) push(this.#heals, this.#heed(fault.heal), fault);
    }
    for (const { first, second } of plan.happensBefore ?? []) {
      push(this.#orders, this.#heed(second), momentName(first));
      this.#wait(this.#heed(first));
    }
    for (const { at } of plan.operations) if (at) this.#wait(this.#heed(at));
  }

  #heed(moment: Moment): string {
    this.#concerned.add(moment.operation);
    return momentName(moment);
  }

  /** Settles once the run has come to a moment that the plan names, or at the recovery phase. */
  async reached(moment: Moment): Promise<void> {
    await Promise.race([this.#wait(this.#heed(moment)).promise, this.#recovery.promise]);
  }

  /** To be called at every moment. Most are of no interest: then it answers at once, without a promise. */
  at(moment: Moment, detail: string): Decided | Promise<Decided> {
    if (!this.#concerned.has(moment.operation)) return PASS;
    const name = momentName(moment);
    const interesting =
      this.#faults.has(name) || this.#heals.has(name) || this.#orders.has(name) || this.#awaited.has(name);
    return interesting ? this.#enter(name, moment, detail) : PASS;
  }

  async #enter(name: string, moment: Moment, detail: string): Promise<Decided> {
    for (const first of this.#orders.get(name) ?? []) await this.#hold(first, name);
    let outcome = PASS;
    for (const fault of this.#faults.get(name) ?? [])
      outcome = { ...outcome, ...(await this.#inject(fault, moment, detail)) };
    for (const fault of this.#heals.get(name) ?? []) this.#healInBackground(fault.id);
    this.#awaited.get(name)?.resolve();
    return outcome;
  }

  async #hold(first: string, second: string): Promise<void> {
    const { promise } = this.#wait(first);
    const never = Symbol();
    const winner = await Promise.race([promise, this.#recovery.promise.then(() => never)]);
    if (winner === never) this.brokenOrders.push(`"${first}" never came, and "${second}" waited for it`);
  }

  async #inject(fault: Fault, moment: Moment, detail: string): Promise<Decided> {
    const kind = faultKind(fault.kind);
    // what begins in the recovery phase, of what lasts or disturbs others, would never end
    if (this.#injected.has(fault.id) || (this.#recovering && (kind.untilHealed || kind.exclusive))) return PASS;
    this.#record({ fault: fault.id, kind: fault.kind, phase: "injected", detail });
    const injection = Promise.resolve(kind.inject(this.#context(moment)));
    const injected: InjectedFault = { fault, injection, healing: undefined, released: Promise.withResolvers<void>() };
    this.#injected.set(fault.id, injected);
    const { hold, healAtOnce, decision, external, webhook } = await injection;
    if (healAtOnce) this.#healInBackground(fault.id);
    if (hold) {
      // whoever waits for the moment comes while it is held, and not when there is nothing left to come before
      this.#awaited.get(momentName(moment))?.resolve();
      await injected.released.promise;
    }
    return { ...(decision && { decision }), ...(external && { external }), ...(webhook && { webhook }) };
  }

  /** Ends a fault that was injected; settles when it has ended. Idempotent. */
  async heal(id: string): Promise<void> {
    const injected = this.#injected.get(id);
    if (!injected) return;
    injected.healing ??= this.#heal(injected);
    await injected.healing;
  }

  /** If it fails, the recovery phase hears of it. */
  #healInBackground(id: string): void {
    this.heal(id).catch(() => {});
  }

  async #heal({ fault, injection, released }: InjectedFault): Promise<void> {
    this.#healing.add(fault);
    try {
      const { hold, heal, rested } = await injection;
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
   * The recovery phase begins: what is held back goes on, and all that still lasts is healed, at once: one fault may need
   * what another holds.
   * @throws the first error of a heal, once all have settled
   */
  async recover(): Promise<void> {
    this.#recovering = true;
    this.#recovery.resolve();
    const heals = await Promise.allSettled([...this.#injected.keys()].map((id) => this.heal(id)));
    for (const heal of heals) if (heal.status === "rejected") throw heal.reason;
  }

  /** To be called at the very end. */
  recordMissed(): void {
    for (const fault of [...this.#faults.values()].flat())
      if (!this.#injected.has(fault.id)) this.#record({ fault: fault.id, kind: fault.kind, phase: "missed" });
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
