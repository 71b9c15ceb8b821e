import type fc from "fast-check";
import { z } from "zod";
import type { Failure, HistoryView, OperationRecord } from "../history/index.ts";
import { describeRequest, type Json, type ReferringKind, type Request, type StormKind } from "../plan/index.ts";
import type { Webhook } from "../world/index.ts";

/** What a request may depend on beside the arguments of its operation. */
export interface RequestContext {
  /** milliseconds since 1970, when the request is made, as the services take it for the time */
  now: number;
  /** what external systems have told by themselves until then, the latest last: for whoever repeats or forges it */
  webhooks: readonly Webhook[];
}
const NOTHING: RequestContext = { now: 0, webhooks: [] };

/** What a property says of one kind of operation. */
export interface KindOptions<Args, Result> {
  /** how often a storm makes one, relative to the other kinds; 1 when absent */
  weight?: number;
  /** what it is done with, in the words of the pattern; ids that belong to the case begin with `@` */
  args: fc.Arbitrary<Args>;
  /** the request that it makes */
  request(args: Args, context: RequestContext): Request;
  /** other ways to the same thing, by name, such as a front app in place of the object itself */
  routes?: Record<string, (args: Args, context: RequestContext) => Request>;
  /**
   * Operations with the same identity are one request, made several times: the first answer is the answer of all. By
   * default they have the same target and the same idempotency key.
   */
  identity?(args: Args): string | undefined;
  /** what a success is answered with; whatever does not fit breaks the invariant "answers have their shape" */
  answer?: z.ZodType<Result>;
  /** refusals that are answers in the words of the pattern, such as 410 for "it is gone": what they mean */
  answerOf?(failure: Failure): Result | undefined;
  /** the codes with which it may be refused for a good reason; all others break the invariant "fails for a reason" */
  failsWith?: readonly number[] | ((record: OperationRecord<Args, Result>, view: HistoryView) => readonly number[]);
  /** its answer is only that it was accepted; so by default where the request is a one-way send */
  oneWay?: boolean;
  /** how often others attach to it, cancel it, terminate it, relative to each other; false when nobody may */
  interruptions?: Partial<Record<ReferringKind, number>> | false;
  /** it may wait for what other operations do: then it keeps no operation of its client waiting */
  waits?: boolean;
  /** it says something only beside other kinds: no storm is made of such kinds alone */
  accompanies?: boolean;
  /** the pattern promises that one that is cancelled, and fails, has done nothing or undone it: then that is a definite failure */
  undoneByCancel?: boolean;
}

const INTERRUPTIONS: Readonly<Record<ReferringKind, number>> = { attach: 1, cancel: 2, terminate: 1 };
const NO_INTERRUPTIONS: Readonly<Record<ReferringKind, number>> = { attach: 0, cancel: 0, terminate: 0 };
/** The way that needs no name. */
const USUAL = "direct";

/** The codes with which an operation may fail. */
type Reasons = (record: OperationRecord, view: HistoryView) => readonly number[];

/** A kind of operation, as the harness handles it whatever its arguments are. */
export class KindDefinition<Args = unknown, Result = unknown> {
  /** what the property calls it; set when the property is declared */
  name = "";
  readonly storm: Readonly<StormKind>;
  readonly undoneByCancel: boolean;
  readonly #options: KindOptions<Args, Result>;
  /** of its groups */
  readonly #reasons: Reasons[] = [];

  constructor(options: KindOptions<Args, Result>) {
    this.#options = options;
    this.undoneByCancel = options.undoneByCancel === true;
    this.storm = {
      weight: options.weight ?? 1,
      args: options.args.map(plain),
      routes: [USUAL, ...Object.keys(options.routes ?? {})],
      isIdempotent: (args, route) => isIdempotent(this.request(args, route)),
      interruptions:
        options.interruptions === false ? NO_INTERRUPTIONS : { ...INTERRUPTIONS, ...options.interruptions },
      waits: options.waits === true,
      accompanies: options.accompanies === true,
    };
  }

  /** The request that an operation makes. @throws when there is no such route, or the arguments are not the kind's */
  request(args: Json, route: string = USUAL, context: RequestContext = NOTHING): Request {
    const make = route === USUAL ? this.#options.request : this.#options.routes?.[route];
    if (!make) throw new Error(`${this.name} has no route "${route}"; it has ${this.storm.routes.join(", ")}`);
    return make(this.#arguments(args), context);
  }

  /** Operations of the property with the same identity are one request; undefined: a request of its own. */
  identity(args: Json, route?: string): string | undefined {
    if (this.#options.identity) return this.#options.identity(this.#arguments(args));
    const { idempotencyKey, ...request } = this.request(args, route);
    if (idempotencyKey === undefined) return undefined;
    const target = describeRequest(request);
    return `${idempotencyKey} of ${target}`;
  }

  /** Its invocations may fail with these codes besides its own; so may its operations, unless they are one way. */
  invocationFailsToo(reasons: Reasons): void {
    this.#reasons.push(reasons);
  }

  /** Whether the answer of an operation is only that it was accepted. */
  isOneWay({ request }: Pick<OperationRecord, "request">): boolean {
    return this.#options.oneWay ?? (request !== undefined && "call" in request && request.send !== undefined);
  }

  /** What is wrong with the value of a success, if anything. */
  answerComplaint(value: Json): string | undefined {
    const read = this.#options.answer?.safeParse(value);
    return read && !read.success ? z.prettifyError(read.error) : undefined;
  }

  /** The answer that a refusal stands for, if it does. */
  answerOf(failure: Failure): Json | undefined {
    const answer = this.#options.answerOf?.(failure);
    return answer === undefined ? undefined : plain(answer);
  }

  /** The codes with which an operation may be refused. */
  failsWith(record: OperationRecord, view: HistoryView): readonly number[] {
    return this.isOneWay(record) ? this.#ownReasons(record, view) : this.invocationFailsWith(record, view);
  }

  /** The codes with which the invocation of an operation may fail, as whoever attaches to it hears. */
  invocationFailsWith(record: OperationRecord, view: HistoryView): readonly number[] {
    return [...this.#ownReasons(record, view), ...this.#reasons.flatMap((reasons) => reasons(record, view))];
  }

  /**
   * The record with the types of its kind. Arguments came from the kind's own generator, scenario, or a saved plan of the
   * property; results have been held against its schema before any other invariant is judged.
   */
  typed(record: OperationRecord<unknown, unknown>): OperationRecord<Args, Result> {
    return record as OperationRecord<Args, Result>;
  }

  #ownReasons(record: OperationRecord, view: HistoryView): readonly number[] {
    const { failsWith = [] } = this.#options;
    return typeof failsWith === "function" ? failsWith(this.typed(record), view) : failsWith;
  }

  #arguments(args: Json): Args {
    return args as Args;
  }
}

/** A value as plans write it: plain JSON, null for nothing. */
export const plain = (value: unknown): Json =>
  value === undefined ? null : (JSON.parse(JSON.stringify(value)) as Json);

/** Whether nobody minds when it is made again. */
const isIdempotent = (request: Request): boolean => request.idempotencyKey !== undefined || "front" in request;
