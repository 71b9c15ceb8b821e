import fc from "fast-check";
import type { At, FaultShape } from "./fault-shape.ts";
import type { Direction, Fault, Moment, Operation, Plan } from "./plan.ts";

/** Changes whenever the same seed would make other plans than before. */
export const GENERATOR_VERSION = 1;

/** A request that a storm may make. */
export type Request = Pick<Operation, "call" | "input" | "idempotencyKey" | "delay"> & { mode?: "call" | "send" };

/** One kind of operation of a storm, and what is known of the invocations that it makes: where faults can strike. */
export interface OperationKind {
  /** how often it is drawn, relative to the others; 1 when absent */
  weight?: number;
  request: fc.Arbitrary<Request>;
  /** the most messages of an attempt, in each direction */
  messages?: { toEndpoint: number; toServer: number };
  /** calls to other handlers */
  children?: number;
  /** calls to external systems */
  effects?: number;
  /** what others may do to its invocation while it runs: cancel it, terminate it, attach to it */
  ends?: ("cancel" | "terminate" | "attach")[];
}

export interface StormOptions {
  kinds: Record<string, OperationKind>;
  /** the most operations, duplicates and cancellations not counted; 10 when absent */
  operations?: number;
  /** the most clients; 5 when absent */
  clients?: number;
  /** the most faults; 4 when absent */
  faults?: number;
}

/** Makes plans from the kinds of fault that the stack knows. With `alone` at least one of them needs the stack alone, if any does. */
export type Storm = (faults: readonly FaultShape[], alone: boolean) => fc.Arbitrary<Plan>;

/**
 * Random plans of overlapping clients. Each case first draws which kinds of operation and fault are in play and how much
 * of everything there is (swarm testing, Groce et al. 2012): a storm of everything at once hides what only a storm of
 * two things shows.
 */
export function storm(options: StormOptions): Storm {
  const { kinds, operations = 10, clients = 5, faults: mostFaults = 4 } = options;
  return (shapes, alone) => {
    const usable = shapes.filter((shape) => shape.at.some(({ at }) => at !== "effect") || hasEffects(kinds));
    const [disturbing, shared] = [usable.filter((shape) => shape.alone), usable.filter((shape) => !shape.alone)];
    const isAlone = alone && disturbing.length > 0;
    const swarm = fc.record({
      kinds: fc.subarray(Object.keys(kinds), { minLength: 1 }),
      shared: fc.subarray(shared),
      alone: isAlone ? fc.subarray(disturbing, { minLength: 1 }) : fc.constant<FaultShape[]>([]),
      clients: fc.integer({ min: 2, max: clients }),
      operations: fc.integer({ min: 2, max: operations }),
      faults: fc.integer({ min: isAlone ? 1 : 0, max: mostFaults }),
      duplicates: fc.constantFrom(0, 0.15, 0.4),
      ends: fc.constantFrom(0, 0, 0.2, 0.5),
      retries: fc.constantFrom(0, 0, 2),
    });
    // fast-check prefers the ends of ranges; here that would be the first operation, the last message, again and again
    const plans = swarm.chain((drawn) => {
      const drafts = fc.array(draft(kinds, drawn.kinds), {
        minLength: drawn.operations,
        maxLength: drawn.operations,
        size: "max",
      });
      const inPlay = [...drawn.alone, ...drawn.shared];
      const strikes =
        inPlay.length === 0 ? fc.constant([]) : fc.array(strike(inPlay), { maxLength: drawn.faults, size: "max" });
      const first = drawn.alone.length === 0 ? fc.constant([]) : strike(drawn.alone).map((one) => [one]);
      return fc
        .record({ drafts, first, strikes, schedule: fc.integer({ min: 0, max: 0x7fffffff }) })
        .map((parts) =>
          new Assembly(kinds, drawn).plan(parts.drafts, [...parts.first, ...parts.strikes], parts.schedule),
        );
    });
    return fc.noBias(plans);
  };
}

const hasEffects = (kinds: Record<string, OperationKind>): boolean =>
  Object.values(kinds).some(({ effects }) => effects);

/** Numbers from which an operation, and what goes with it, is made. */
interface Draft {
  kind: string;
  request: Request;
  client: number;
  duplicate: number;
  shape: number;
  end: number;
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
interface Blow {
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

function draft(kinds: Record<string, OperationKind>, inPlay: string[]): fc.Arbitrary<Draft> {
  const choices = inPlay.map((kind) => ({
    weight: kinds[kind]!.weight ?? 1,
    arbitrary: fc.record({ kind: fc.constant(kind), request: kinds[kind]!.request }),
  }));
  return fc
    .record({ what: fc.oneof(...choices), client: unit, duplicate: unit, shape: fc.nat({ max: 3 }), end: unit, spot })
    .map(({ what, ...rest }) => ({ ...what, ...rest }));
}

const strike = (shapes: FaultShape[]): fc.Arbitrary<Blow> =>
  fc.record({ shape: fc.constantFrom(...shapes), target: unit, spot, healed: unit, healSpot: spot });

interface Swarm {
  clients: number;
  duplicates: number;
  ends: number;
  retries: number;
}

/** Puts operations and faults together from what was drawn. */
class Assembly {
  readonly #kinds: Record<string, OperationKind>;
  readonly #swarm: Swarm;
  readonly #operations: Operation[] = [];
  readonly #faults: Fault[] = [];

  constructor(kinds: Record<string, OperationKind>, swarm: Swarm) {
    this.#kinds = kinds;
    this.#swarm = swarm;
  }

  plan(drafts: Draft[], blows: Blow[], schedule: number): Plan {
    for (const one of drafts) {
      const operation = this.#operation(one);
      if (operation.idempotencyKey !== undefined && one.duplicate < this.#swarm.duplicates)
        this.#duplicate(operation, one);
      else if (one.end < this.#swarm.ends) this.#end(operation, one);
    }
    const targets = this.#operations.filter(({ mode }) => mode === "call" || mode === "send");
    for (const blow of blows) this.#strike(blow, targets[Math.floor(blow.target * targets.length)]!);
    return { operations: this.#operations, faults: this.#faults, schedule };
  }

  #operation({ kind, request, client }: Draft): Operation {
    const operation: Operation = {
      id: `o${this.#operations.length + 1}`,
      client: `c${1 + Math.floor(client * this.#swarm.clients)}`,
      kind,
      ...request,
      mode: request.mode ?? "call",
    };
    if (this.#swarm.retries > 0 && request.idempotencyKey !== undefined) operation.retries = this.#swarm.retries;
    this.#operations.push(operation);
    return operation;
  }

  /** The four shapes: at the same time, after the answer, after a lost answer, from another client. */
  #duplicate(original: Operation, { shape, spot: where }: Draft): void {
    const { retries: _, ...request } = original;
    const id = `o${this.#operations.length + 1}`;
    const alone = `d${id}`;
    const during: Moment = { at: "operation", operation: original.id, point: "invoke", when: "after" };
    const copies: Operation[] = [
      { ...request, id, client: alone, at: during },
      { ...request, id, client: original.client, after: [original.id] },
      { ...request, id, client: original.client, after: [original.id] },
      { ...request, id, client: alone, after: [original.id] },
    ];
    this.#operations.push(copies[shape]!);
    if (shape === 2) {
      const at = where.after ? during : this.#message(original, where, "either");
      this.#faults.push({ id: this.#faultId(), kind: "client-walks-away", at });
    }
  }

  #end(target: Operation, { end, spot: where }: Draft): void {
    const modes = this.#kinds[target.kind]!.ends ?? [];
    if (modes.length === 0) return;
    const mode = modes[Math.floor((end / this.#swarm.ends) * modes.length)]!;
    const id = `o${this.#operations.length + 1}`;
    const one: Operation = {
      id,
      client: `d${id}`,
      kind: mode,
      mode,
      of: target.id,
      at: this.#somewhere(target, where),
    };
    this.#operations.push(one);
    // a cancellation may come again while the first is being dealt with
    if (mode === "cancel" && where.which < 0.4) {
      const again = `o${this.#operations.length + 1}`;
      this.#operations.push({
        ...one,
        id: again,
        client: `d${again}`,
        at: this.#somewhere(target, { ...where, place: (where.place + where.which) % 1 }),
      });
    }
  }

  #strike({ shape, spot: where, healed, healSpot }: Blow, target: Operation): void {
    const places = shape.at.filter(({ at }) => at !== "effect" || this.#kinds[target.kind]!.effects);
    const place = places[Math.floor(where.which * places.length)];
    if (!place) return;
    const fault: Fault = { id: this.#faultId(), kind: shape.name, at: this.#moment(target, where, place) };
    if (shape.lasting && healed < 0.5) {
      const { kind } = target;
      fault.heal =
        healed < 0.25
          ? { at: "operation", operation: target.id, point: "completion", when: "before" }
          : this.#kinds[kind]!.effects
            ? this.#effect(target, healSpot, "before")
            : this.#message(target, { ...healSpot, attempt: 2 }, "before");
    }
    this.#faults.push(fault);
  }

  #moment(target: Operation, where: Spot, { at, when, point }: At): Moment {
    if (at === "effect") return this.#effect(target, where, when);
    if (at === "message") return this.#message(target, where, when);
    return { at, operation: target.id, point: point ?? "invoke", when: when === "either" ? side(where) : when };
  }

  #somewhere(target: Operation, where: Spot): Moment {
    return this.#kinds[target.kind]!.effects && where.toEndpoint
      ? this.#effect(target, where, "either")
      : this.#message(target, where, "either");
  }

  #effect(target: Operation, where: Spot, when: At["when"]): Moment {
    const most = (this.#kinds[target.kind]!.effects ?? 1) + 2;
    return {
      at: "effect",
      operation: target.id,
      call: 1 + Math.floor(where.place * most),
      when: when === "either" ? side(where) : when,
    };
  }

  #message(target: Operation, where: Spot, when: At["when"]): Moment {
    const { messages = { toEndpoint: 4, toServer: 6 }, children = 0 } = this.#kinds[target.kind]!;
    const child = Math.floor(where.child * (children + 1));
    const direction: Direction = where.toEndpoint ? "to-endpoint" : "to-server";
    // the first message to the endpoint opens the attempt, and comes before it is known whose it is
    const first = direction === "to-endpoint" ? 2 : 1;
    const most = direction === "to-endpoint" ? messages.toEndpoint : messages.toServer;
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

  #faultId(): string {
    return `f${this.#faults.length + 1}`;
  }
}

const side = ({ after }: Spot): "before" | "after" => (after ? "after" : "before");
