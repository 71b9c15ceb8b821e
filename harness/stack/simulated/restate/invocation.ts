import type { Content, Frame } from "../../../protocol/index.ts";
import type { Handler } from "./discovery.ts";
import type { InvocationId } from "./ids.ts";

export type Failure = NonNullable<Content["Output"]["failure"]>;
export type Result = { value: Uint8Array } | { failure: Failure };

export const failure = (code: number, message: string): { failure: Failure } => ({
  failure: { code, message, metadata: [] },
});

/** Who waits for the result of an invocation. */
export type Waiter =
  /** a client, at the ingress: lost when the server dies */
  | { kind: "client"; answer(result: Result, id: string): void }
  /** another invocation, by a command of its own that this result completes */
  | { kind: "invocation"; invocation: string; type: number; completionId: number };

/**
 * The life of an invocation.
 * - `scheduled`: due later
 * - `inboxed`: waits for its key
 * - `invoked`: an attempt runs, or the next one backs off
 * - `suspended`: waits for a notification, without an attempt
 * - `completed`: retained, for those who ask again
 * docs.restate.dev/services/invocation/managing-invocations, "Lifecycle", where `inboxed` is called pending
 */
export type Status = "scheduled" | "inboxed" | "invoked" | "suspended" | "completed";

/** All that Restate keeps of an invocation. */
export class Invocation {
  /** stable name, for a reader of the trace: "o3", and "o3/2" for the child that its second command made */
  readonly name: string;
  readonly id: InvocationId;
  readonly handler: Handler;
  readonly key: string | undefined;
  readonly idempotencyKey: string | undefined;
  /** its partition: that of its key */
  readonly place: string;
  status: Status = "inboxed";
  /** milliseconds since the epoch; scheduled: when it is due */
  readonly due: number | undefined;
  /** as it is replayed */
  readonly journal: Frame[] = [];
  /** commands in the journal, the input included */
  commands = 0;
  /** when the last entry was stored, in milliseconds from the start of the run */
  lastStored = 0;
  /** notifications in the journal, by `notificationKey` */
  readonly notifications = new Set<string>();
  /** suspended: what it waits for, by `notificationKey` */
  awaited = new Set<string>();
  /** ids of the invocations that its calls and sends made */
  readonly children: string[] = [];
  readonly waiters: Waiter[] = [];
  /** what its code said that the result is; it is the result when the code has ended */
  output: Result | undefined;
  result: Result | undefined;
  /** the number of its last attempt */
  attempts = 0;
  /** attempts that failed since the last entry was stored */
  failures = 0;
  lastFailure: string | undefined;

  constructor(
    name: string,
    id: InvocationId,
    handler: Handler,
    key: string | undefined,
    idempotencyKey: string | undefined,
    due: number | undefined,
  ) {
    this.name = name;
    this.id = id;
    this.handler = handler;
    this.key = key;
    this.idempotencyKey = idempotencyKey;
    this.place = key !== undefined ? `key ${key}` : id.text;
    this.due = due;
  }

  /** the object or workflow whose state it sees, "service/key"; nothing for a plain service */
  get object(): string | undefined {
    return this.handler.kind === "service" ? undefined : `${this.handler.service}/${this.key}`;
  }

  get target(): string {
    return [this.handler.service, ...(this.key === undefined ? [] : [this.key]), this.handler.name].join("/");
  }

  get isCompleted(): boolean {
    return this.status === "completed";
  }
}

/** Notifications are found by their completion id, or by the number or name of their signal. */
export function notificationKey(n: { completion_id?: number; signal_id?: number; signal_name?: string }): string {
  if (n.completion_id !== undefined) return `completion ${n.completion_id}`;
  return n.signal_id !== undefined ? `signal ${n.signal_id}` : `signal "${n.signal_name}"`;
}

/** A result as a notification carries it. */
export const asNotification = (result: Result): { value: { content: Uint8Array } } | { failure: Failure } =>
  "failure" in result ? result : { value: { content: result.value } };
