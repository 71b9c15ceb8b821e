import type { Fault, FaultShape, Json, Moment, Operation, ReferringKind, Request } from "../plan/index.ts";
import type { KindDefinition } from "./definition.ts";
import { after, before, type Point } from "./point.ts";

/** How an operation of a scripted plan is placed: by default a client of its own invokes it at once. */
type Placement = Partial<Pick<Operation, "client" | "route" | "of" | "after" | "at" | "retries">>;

/** An operation on its way into a scripted plan. Every method answers a new draft. */
export class OperationDraft {
  readonly #kind: KindDefinition | ReferringKind;
  readonly #args: Json;
  readonly #placement: Placement;
  /** the code with which it is refused; undefined when it succeeds */
  readonly refusal: number | undefined;

  constructor(kind: KindDefinition | ReferringKind, args: Json, placement: Placement = {}, refusal?: number) {
    this.#kind = kind;
    this.#args = args;
    this.#placement = placement;
    this.refusal = refusal;
  }

  /** It is invoked before a point of the run; the thing waits until it is. */
  before(point: Point): OperationDraft {
    return this.#placed({ at: before(point) });
  }
  /** It is invoked after a point of the run, or after these operations have completed, however. */
  after(...what: [Point] | string[]): OperationDraft {
    const [first] = what;
    if (typeof first === "object") return this.#placed({ at: after(first) });
    return this.#placed({ after: what.filter((id) => typeof id === "string") });
  }
  /** It is done by this client, which does one operation after the other. */
  by(client: string): OperationDraft {
    return this.#placed({ client });
  }
  /** It goes another way than usual. */
  via(route: string): OperationDraft {
    return this.#placed({ route });
  }
  /** Its client asks again so often, identically, when the connection breaks. */
  retrying(times: number): OperationDraft {
    return this.#placed({ retries: times });
  }

  /** A scenario in which it is not refused with this code is not reached. */
  refusedWith(code: number): OperationDraft {
    return new OperationDraft(this.#kind, this.#args, this.#placement, code);
  }

  /** The operation, under an id. */
  as(id: string, client = `c-${id}`): Operation {
    const { route, ...placement } = this.#placement;
    const kind = this.kind;
    return {
      id,
      client,
      kind,
      args: this.#args,
      ...placement,
      ...(route !== undefined && { route }),
    };
  }

  /** The name of its kind. */
  get kind(): string {
    return typeof this.#kind === "string" ? this.#kind : this.#kind.name;
  }
  get args(): Json {
    return this.#args;
  }
  /** It is about another operation. */
  get isReferring(): boolean {
    return typeof this.#kind === "string";
  }
  /** The operation that it cancels or terminates. */
  get ends(): string | undefined {
    return this.kind === "attach" ? undefined : this.#placement.of;
  }
  /** It says when it is invoked. */
  get isPlaced(): boolean {
    return this.#placement.after !== undefined || this.#placement.at !== undefined;
  }
  /** What it asks for; undefined for one that is about another operation. */
  get request(): Request | undefined {
    return typeof this.#kind === "string" ? undefined : this.#kind.request(this.#args, this.#placement.route);
  }

  #placed(more: Placement): OperationDraft {
    return new OperationDraft(this.#kind, this.#args, { ...this.#placement, ...more }, this.refusal);
  }
}

const referring = (kind: ReferringKind) => (operation: string) => new OperationDraft(kind, null, { of: operation });

/** Cancels the invocation of an operation, through the admin API. */
export const cancel = referring("cancel");
/** Terminates the invocation of an operation: no code of it runs any more. Restate's admin API calls this kill. */
export const terminate = referring("terminate");
/** Waits for the result of the invocation of an operation. */
export const attach = referring("attach");

/** A fault on its way into a scripted plan. */
export class FaultDraft {
  readonly #kind: string;
  readonly #at: Moment | undefined;
  readonly #heal: Moment | undefined;

  constructor(kind: string, at?: Moment, heal?: Moment) {
    this.#kind = kind;
    this.#at = at;
    this.#heal = heal;
  }

  get kind(): string {
    return this.#kind;
  }
  before(point: Point): FaultDraft {
    return new FaultDraft(this.#kind, before(point), this.#heal);
  }
  after(point: Point): FaultDraft {
    return new FaultDraft(this.#kind, after(point), this.#heal);
  }
  /** It lasts until just before a point; without this, until the recovery phase. */
  until(point: Point): FaultDraft {
    return new FaultDraft(this.#kind, this.#at, before(point));
  }

  /** @throws when it does not say where it is injected */
  as(id: string): Fault {
    if (!this.#at) throw new Error(`the fault ${this.#kind} does not say before or after what it is injected`);
    return { id, kind: this.#kind, at: this.#at, ...(this.#heal && { heal: this.#heal }) };
  }
}

/** "kill-endpoint" -> "killEndpoint" */
type Camel<S extends string> = S extends `${infer A}-${infer B}${infer C}` ? `${A}${Uppercase<B>}${Camel<C>}` : S;

/** A draft of each kind of fault, by its name in camel case: `faults.killEndpoint.before(...)`. */
export function faultDrafts<Name extends string>(
  shapes: readonly (FaultShape & { name: Name })[],
): { readonly [N in Name as Camel<N>]: FaultDraft } {
  const camel = (name: string) => name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
  return Object.fromEntries(shapes.map(({ name }) => [camel(name), new FaultDraft(name)])) as {
    readonly [N in Name as Camel<N>]: FaultDraft;
  };
}
