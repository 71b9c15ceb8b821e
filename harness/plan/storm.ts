import fc from "fast-check";
import type { At, FaultShape } from "./fault-shape.ts";
import type { Direction, Fault, Json, Moment, Operation, Plan, ReferringKind } from "./plan.ts";

/** Changes whenever the same seed would make other plans than before. */
export const GENERATOR_VERSION = 2;

/** One kind of operation of a storm. */
export interface StormKind {
  /** how often it is drawn, relative to the others */
  weight: number;
  args: fc.Arbitrary<Json>;
  /** the names of the ways that it can go, the first of which needs no name in a plan */
  routes: readonly string[];
  /** whether the request may be made again */
  isIdempotent(args: Json, route?: string): boolean;
  /** what others may do to its invocation while it runs, with relative weights */
  interruptions: Readonly<Record<ReferringKind, number>>;
  /** it may wait for what another operation does: it gets a client of its own, so that it keeps no operation waiting */
  waits: boolean;
  /** it says something only beside others: no storm consists of such kinds alone, unless there are no others */
  accompanies?: boolean;
}

/**
 * What is known of the invocations that a kind makes, as a dry run measured it: where faults can be injected.
 * The most messages of an attempt in each direction, calls to other handlers, calls to external systems, and webhooks
 * that follow from them.
 */
export interface Profile {
  toEndpoint: number;
  toServer: number;
  children: number;
  effects: number;
  webhooks: number;
}
export type Profiles = Readonly<Record<string, Profile>>;

export interface StormOptions {
  kinds: Record<string, StormKind>;
  /** the most operations, duplicates and interruptions not counted; 10 when absent */
  operations?: number;
  /** the most clients; 5 when absent */
  clients?: number;
  /** the most faults; 4 when absent */
  faults?: number;
}

/** What plans are made for. */
export interface StormConditions {
  /** the kinds of fault that the stack knows */
  faults: readonly FaultShape[];
  /** at least one of the faults needs the stack for itself, if any kind does */
  exclusive: boolean;
  profiles: Profiles;
}

/** A kind of which nothing is known yet. */
export const unmeasured: Profile = { toEndpoint: 4, toServer: 6, children: 0, effects: 0, webhooks: 0 };

/**
 * Random plans of overlapping clients. Each case first draws which kinds of operation and fault are in play and how much
 * of everything there is (swarm testing, Groce et al. 2012): a storm of everything at once hides what only a storm of
 * two things shows.
 */
export function storm(options: StormOptions, { faults, exclusive, profiles }: StormConditions): fc.Arbitrary<Plan> {
  const { kinds, operations = 10, clients = 5, faults: mostFaults = 4 } = options;
  const measured = Object.keys(kinds).map((kind) => profiles[kind] ?? unmeasured);
  const usable = faults.filter((shape) => shape.at.some((place) => measured.some((profile) => has(profile, place))));
  const [disturbing, shared] = [usable.filter((shape) => shape.exclusive), usable.filter((shape) => !shape.exclusive)];
  const isExclusive = exclusive && disturbing.length > 0;
  const swarm = fc.record({
    kinds: kindsInPlay(kinds),
    shared: fc.subarray(shared),
    exclusive: isExclusive ? fc.subarray(disturbing, { minLength: 1 }) : fc.constant<FaultShape[]>([]),
    clients: fc.integer({ min: 2, max: clients }),
    operations: fc.integer({ min: 2, max: operations }),
    faults: fc.integer({ min: isExclusive ? 1 : 0, max: mostFaults }),
    duplicates: fc.constantFrom(0, 0.15, 0.4),
    interruptions: fc.constantFrom(0, 0, 0.2, 0.5),
    retries: fc.constantFrom(0, 0, 2),
  });
  // fast-check prefers the ends of ranges; here that would be the first operation, the last message, again and again
  const plans = swarm.chain((drawn) => {
    const drafts = fc.array(operationDraft(kinds, drawn.kinds), {
      minLength: drawn.operations,
      maxLength: drawn.operations,
      size: "max",
    });
    const inPlay = [...drawn.exclusive, ...drawn.shared];
    const injections =
      inPlay.length === 0 ? fc.constant([]) : fc.array(faultDraft(inPlay), { maxLength: drawn.faults, size: "max" });
    const first = drawn.exclusive.length === 0 ? fc.constant([]) : faultDraft(drawn.exclusive).map((one) => [one]);
    return fc
      .record({ drafts, first, injections, schedule: fc.integer({ min: 0, max: 0x7fffffff }) })
      .map((parts) =>
        new Assembly(kinds, profiles, drawn).plan(parts.drafts, [...parts.first, ...parts.injections], parts.schedule),
      );
  });
  return fc.noBias(plans);
}

/** Which kinds a case is made of. */
function kindsInPlay(kinds: Record<string, StormKind>): fc.Arbitrary<string[]> {
  const names = Object.keys(kinds);
  const accompanying = names.filter((name) => kinds[name]?.accompanies === true);
  const leading = names.filter((name) => !accompanying.includes(name));
  if (leading.length === 0 || accompanying.length === 0) return fc.subarray(names, { minLength: 1 });
  return fc.tuple(fc.subarray(leading, { minLength: 1 }), fc.subarray(accompanying)).map((chosen) => chosen.flat());
}

/** Numbers from which an operation, and what goes with it, is made. */
interface OperationDraft {
  kind: string;
  definition: StormKind;
  args: Json;
  route: number;
  client: number;
  duplicate: number;
  shape: number;
  interruption: number;
  spot: Spot;
}
/** Numbers from which a moment is made, once it is known of what. */
interface Spot {
  child: number;
  place: number;
  attempt: number;
  toEndpoint: boolean;
  after: boolean;
  which: number;
}
/** Numbers from which a fault is made. */
interface FaultNumbers {
  shape: FaultShape;
  target: number;
  spot: Spot;
  healed: number;
  healSpot: Spot;
}

/** in [0, 1), evenly: fast-check's doubles are spread evenly over their representations, which are crowded near zero */
const unit = fc.nat({ max: 0xffff }).map((n) => n / 0x10000);
const spot: fc.Arbitrary<Spot> = fc.record({
  child: unit,
  place: unit,
  attempt: fc.constantFrom(1, 1, 1, 1, 2, 2, 3),
  toEndpoint: fc.boolean(),
  after: fc.boolean(),
  which: unit,
});

function operationDraft(kinds: Record<string, StormKind>, inPlay: string[]): fc.Arbitrary<OperationDraft> {
  const choices = Object.entries(kinds)
    .filter(([kind]) => inPlay.includes(kind))
    .map(([kind, definition]) => ({
      weight: definition.weight,
      arbitrary: fc.record({ kind: fc.constant(kind), definition: fc.constant(definition), args: definition.args }),
    }));
  return fc
    .record({
      what: fc.oneof(...choices),
      route: unit,
      client: unit,
      duplicate: unit,
      shape: fc.nat({ max: 3 }),
      interruption: unit,
      spot,
    })
    .map(({ what, ...rest }) => ({ ...what, ...rest }));
}

const faultDraft = (shapes: FaultShape[]): fc.Arbitrary<FaultNumbers> =>
  fc.record({ shape: fc.constantFrom(...shapes), target: unit, spot, healed: unit, healSpot: spot });

interface Swarm {
  clients: number;
  duplicates: number;
  interruptions: number;
  retries: number;
}

/** Puts operations and faults together from what was drawn. */
class Assembly {
  readonly #kinds: Record<string, StormKind>;
  readonly #profiles: Profiles;
  readonly #swarm: Swarm;
  readonly #operations: Operation[] = [];
  readonly #faults: Fault[] = [];

  constructor(kinds: Record<string, StormKind>, profiles: Profiles, swarm: Swarm) {
    this.#kinds = kinds;
    this.#profiles = profiles;
    this.#swarm = swarm;
  }

  plan(drafts: OperationDraft[], faults: FaultNumbers[], schedule: number): Plan {
    for (const one of drafts) {
      const operation = this.#operation(one);
      const isIdempotent = one.definition.isIdempotent(operation.args, operation.route);
      if (isIdempotent && this.#swarm.retries > 0) operation.retries = this.#swarm.retries;
      if (isIdempotent && one.duplicate < this.#swarm.duplicates) this.#duplicate(operation, one);
      else if (one.interruption < this.#swarm.interruptions) this.#interrupt(operation, one);
    }
    this.#setWaitingApart();
    const targets = this.#operations.filter(({ of }) => of === undefined);
    for (const fault of faults) {
      const target = targets[Math.floor(fault.target * targets.length)];
      if (target) this.#inject(fault, target);
    }
    return { operations: this.#operations, faults: this.#faults, schedule };
  }

  #operation({ kind, definition, args, route, client }: OperationDraft): Operation {
    const way = definition.routes[Math.floor(route * definition.routes.length)];
    const operation: Operation = {
      id: this.#operationId(),
      client: `c${1 + Math.floor(client * this.#swarm.clients)}`,
      kind,
      args,
      ...(way !== undefined && way !== definition.routes[0] && { route: way }),
    };
    this.#operations.push(operation);
    return operation;
  }

  /** The four shapes: at the same time, after the answer, after a lost answer, from another client. */
  #duplicate(original: Operation, { shape, spot: where, definition, route }: OperationDraft): void {
    const { retries: _, ...request } = original;
    const id = this.#operationId();
    const alone = `d${id}`;
    const during: Moment = { at: "operation", operation: original.id, point: "invoke", when: "after" };
    const placed: Operation[] = [
      { ...request, id, client: alone, at: during },
      { ...request, id, client: original.client, after: [original.id] },
      { ...request, id, client: original.client, after: [original.id] },
      { ...request, id, client: alone, after: [original.id] },
    ];
    // the same thing, perhaps on another way
    const other = definition.routes[Math.floor(where.which * definition.routes.length)];
    const { route: __, ...copy } = placed[shape] ?? request;
    const keeps = route < 0.5 || !definition.isIdempotent(original.args, other);
    const way = keeps ? original.route : other === definition.routes[0] ? undefined : other;
    this.#operations.push({ ...copy, ...(way !== undefined && { route: way }) });
    if (shape !== 2) return;
    const at = where.after ? during : this.#message(original, where, "either");
    this.#faults.push({ id: this.#faultId(), kind: "walk-away", at });
  }

  #interrupt(target: Operation, { interruption, spot: where, definition }: OperationDraft): void {
    const kind = weighted(definition.interruptions, interruption / this.#swarm.interruptions);
    if (kind === undefined) return;
    const id = this.#operationId();
    const one: Operation = {
      id,
      client: `d${id}`,
      kind,
      args: null,
      of: target.id,
      at: this.#somewhere(target, where),
    };
    this.#operations.push(one);
    // a cancellation may come again while the first is being dealt with
    if (kind !== "cancel" || where.which >= 0.4) return;
    const again = this.#operationId();
    const later = { ...where, place: (where.place + where.which) % 1 };
    this.#operations.push({ ...one, id: again, client: `d${again}`, at: this.#somewhere(target, later) });
  }

  /**
   * What waits goes on as a client of its own, from when its client came to it. The first one waits from the start, and
   * every other client begins only then: else most would find that what they wait for is over.
   */
  #setWaitingApart(): void {
    const waits = ({ kind }: Operation) => this.#kinds[kind]?.waits === true;
    const first = this.#operations.find(waits);
    if (!first) return;
    const last = new Map<string, string>();
    for (const one of this.#operations) {
      const before = last.get(one.client);
      const isFree = !one.at && !one.after;
      if (waits(one)) {
        one.client = `w${one.id}`;
        if (isFree && before !== undefined && one !== first)
          one.at = { at: "operation", operation: before, point: "completion", when: "after" };
        continue;
      }
      if (isFree && before === undefined && last.size % 2 === 1) one.at = this.#settled(first);
      last.set(one.client, one.id);
    }
  }

  /** Where an operation that waits has said for what. */
  #settled(operation: Operation): Moment {
    const { children, toEndpoint, toServer } = this.#profile(operation);
    return children > 0
      ? {
          at: "message",
          operation: operation.id,
          child: 1,
          attempt: 1,
          direction: "to-server",
          message: 2,
          when: "after",
        }
      : {
          at: "message",
          operation: operation.id,
          attempt: 1,
          direction: "to-server",
          message: Math.max(1, Math.min(toServer, toEndpoint)),
          when: "after",
        };
  }

  #inject({ shape, spot: where, healed, healSpot }: FaultNumbers, target: Operation): void {
    const profile = this.#profile(target);
    const places = shape.at.filter((one) => has(profile, one));
    const place = places[Math.floor(where.which * places.length)];
    if (!place) return;
    const fault: Fault = { id: this.#faultId(), kind: shape.name, at: this.#moment(target, where, place) };
    if (shape.untilHealed && healed < 0.5) fault.heal = this.#healing(target, healed, healSpot);
    this.#faults.push(fault);
  }

  #healing(target: Operation, healed: number, where: Spot): Moment {
    if (healed < 0.25) return { at: "operation", operation: target.id, point: "completion", when: "before" };
    return this.#profile(target).effects > 0
      ? this.#effect(target, where, "before")
      : this.#message(target, { ...where, attempt: 2 }, "before");
  }

  #moment(target: Operation, where: Spot, { at, when, point }: At): Moment {
    if (at === "effect") return this.#effect(target, where, when);
    if (at === "webhook") return this.#webhook(target, where, when);
    if (at === "message") return this.#message(target, where, when);
    return { at, operation: target.id, point: point ?? "invoke", when: when === "either" ? side(where) : when };
  }

  #somewhere(target: Operation, where: Spot): Moment {
    const { effects, webhooks } = this.#profile(target);
    if (webhooks > 0 && where.child < 0.25) return this.#webhook(target, where, "either");
    return effects > 0 && where.toEndpoint
      ? this.#effect(target, where, "either")
      : this.#message(target, where, "either");
  }

  #effect(target: Operation, where: Spot, when: At["when"]): Moment {
    const most = Math.max(1, this.#profile(target).effects) + 2;
    return {
      at: "effect",
      operation: target.id,
      call: 1 + Math.floor(where.place * most),
      when: when === "either" ? side(where) : when,
    };
  }

  #webhook(target: Operation, where: Spot, when: At["when"]): Moment {
    const number = 1 + Math.floor(where.place * this.#profile(target).webhooks);
    return { at: "webhook", operation: target.id, number, when: when === "either" ? side(where) : when };
  }

  #message(target: Operation, where: Spot, when: At["when"]): Moment {
    const { toEndpoint, toServer, children } = this.#profile(target);
    const child = Math.floor(where.child * (children + 1));
    const direction: Direction = where.toEndpoint ? "to-endpoint" : "to-server";
    // the first message to the endpoint opens the attempt, and comes before it is known whose it is
    const first = direction === "to-endpoint" ? 2 : 1;
    const most = direction === "to-endpoint" ? toEndpoint : toServer;
    return {
      at: "message",
      operation: target.id,
      ...(child > 0 && { child }),
      attempt: where.attempt,
      direction,
      message: first + Math.floor(where.place * Math.max(1, most - first + 1)),
      when: when === "either" ? side(where) : when,
    };
  }

  #profile({ kind }: Operation): Profile {
    return this.#profiles[kind] ?? unmeasured;
  }
  #operationId(): string {
    return `o${this.#operations.length + 1}`;
  }
  #faultId(): string {
    return `f${this.#faults.length + 1}`;
  }
}

/** Whether invocations with this profile come to such moments. */
function has({ effects, webhooks }: Profile, { at }: At): boolean {
  if (at === "effect") return effects > 0;
  return at !== "webhook" || webhooks > 0;
}

const side = ({ after }: Spot): "before" | "after" => (after ? "after" : "before");

/** One of the kinds, by their weights. @param at in [0, 1) */
function weighted(weights: Readonly<Record<ReferringKind, number>>, at: number): ReferringKind | undefined {
  const kinds = (["attach", "cancel", "terminate"] as const).filter((kind) => weights[kind] > 0);
  let left = at * kinds.reduce((sum, kind) => sum + weights[kind], 0);
  for (const kind of kinds) {
    left -= weights[kind];
    if (left < 0) return kind;
  }
  return kinds.at(-1);
}
