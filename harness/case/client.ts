import type { OperationEvent } from "../history/index.ts";
import type { Call, Json, Operation } from "../plan/index.ts";
import type { Subject } from "../session/system-under-test.ts";
import {
  type ClientAnswer,
  type ClientRequest,
  type Destination,
  OPERATION_HEADER,
  type Stack,
} from "../stack/index.ts";

/** How an operation ended, but for when. */
export type Completion =
  | Omit<Extract<OperationEvent, { type: "ok" }>, "at" | "operation">
  | Omit<Extract<OperationEvent, { type: "fail" }>, "at" | "operation">
  | Omit<Extract<OperationEvent, { type: "info" }>, "at" | "operation">;

/** What a client must know to perform an operation, ids in the stack's form. */
export interface Task {
  stack: Stack;
  subject: Subject;
  operation: Operation;
  /** "<tag>/<operation>", for the header */
  name: string;
  /** the invocation that attach, cancel and terminate mean, and the call that made it */
  invocation?: string;
  about?: Call;
  /** called when a request has been handed to the network */
  sent(): void;
}

/** Answers by which a proxy or a server says that it could not ask, not what the outcome is. */
const NO_OUTCOME = new Set([408, 429, 502, 503, 504]);
const RECONNECT_MS = 10;
const GONE: Completion = { type: "info", reason: "the client walked away" };
/** Restate's status for the output of an invocation that has not completed. */
const NOT_COMPLETED = 470;

/** One operation of a client under way: it can be cut off by faults. */
export class Performance {
  readonly #task: Task;
  #abort = new AbortController();
  #asksAgain: number;
  #walkedAway = false;

  constructor(task: Task) {
    this.#task = task;
    this.#asksAgain = task.operation.retries ?? 0;
  }

  /**
   * The client's connection breaks, as when it loses its network; then it asks again, or gives up for good. Nobody in
   * their right mind asks again for what is not idempotent: such a client gives up.
   */
  cut(then: "walks away" | "asks again"): void {
    const { call, idempotencyKey } = this.#task.operation;
    const idempotent = idempotencyKey !== undefined || (call !== undefined && "app" in call);
    if (then === "asks again" && idempotent) this.#asksAgain++;
    else this.#walkedAway = true;
    this.#abort.abort();
  }

  /** Performs the operation to its end. Never rejects: a broken connection is an `info`. */
  async run(): Promise<Completion> {
    const { to, request } = requestOf(this.#task);
    for (;;) {
      // it may have gone while it waited to ask again
      if (this.#walkedAway) return GONE;
      this.#abort = new AbortController();
      try {
        const answer = this.#task.stack.fetch(to, { ...request, signal: this.#abort.signal });
        this.#task.sent();
        return completion(this.#task, await answer);
      } catch (error) {
        if (this.#walkedAway) return GONE;
        const refused = isRefused(error);
        if (!refused && this.#asksAgain-- <= 0) return { type: "info", reason: `no answer: ${reasonOf(error)}` };
        await this.#task.stack.clock.sleep(RECONNECT_MS);
      }
    }
  }
}

function requestOf({ operation, subject, name, invocation }: Task): { to: Destination; request: ClientRequest } {
  const headers: Record<string, string> = { [OPERATION_HEADER]: name };
  switch (operation.mode) {
    case "attach":
      return { to: "ingress", request: { method: "GET", path: `/restate/invocation/${invocation}/attach`, headers } };
    case "cancel":
      return { to: "admin", request: { method: "PATCH", path: `/invocations/${invocation}/cancel`, headers } };
    case "terminate":
      return { to: "admin", request: { method: "PATCH", path: `/invocations/${invocation}/kill`, headers } };
  }
  const { input, idempotencyKey, delay } = operation;
  if (idempotencyKey !== undefined) headers["idempotency-key"] = idempotencyKey;
  if (input !== undefined) headers["content-type"] = "application/json";
  const body = input === undefined ? {} : { body: JSON.stringify(input) };
  const call = subject.target(operation.call!);
  if ("app" in call) {
    const [method, path] = call.handler.split(" ") as [string, string];
    return { to: { app: call.app }, request: { method, path, headers, ...body } };
  }
  const target = [call.service, call.key, call.handler].filter((part) => part !== undefined);
  const send = operation.mode === "send" ? `/send${delay ? `?delay=${delay}ms` : ""}` : "";
  return {
    to: "ingress",
    request: { method: "POST", path: `/${target.map(encodeURIComponent).join("/")}${send}`, headers, ...body },
  };
}

/** How an invocation has ended, without waiting for it: `info` when it has not. */
export async function outputOf(stack: Stack, invocation: string): Promise<Completion> {
  const path = `/restate/invocation/${invocation}/output`;
  const { status, body } = await stack.fetch("ingress", { method: "GET", path, headers: {} });
  if (status === NOT_COMPLETED) return { type: "info", reason: "it has not completed" };
  return status < 400 ? { type: "ok", value: parse(body) } : { type: "fail", status, message: messageIn(body) };
}

function completion({ operation, subject, about }: Task, answer: ClientAnswer): Completion {
  const { status, headers, body } = answer;
  const id = headers["x-restate-id"];
  const invocation = id === undefined ? {} : { invocation: id };
  if (NO_OUTCOME.has(status)) return { type: "info", reason: `status ${status}`, ...invocation };
  if (status >= 400) return { type: "fail", status, message: messageIn(body), ...invocation };
  if (operation.mode === "send") {
    const { invocationId, status: acceptance } = JSON.parse(body) as { invocationId: string; status: string };
    return { type: "ok", status, value: acceptance, invocation: invocationId };
  }
  const asked = operation.mode === "attach" ? about : operation.call;
  const value = asked ? subject.decode(asked, parse(body)) : parse(body);
  return { type: "ok", status, value, ...invocation };
}

function parse(body: string): Json {
  if (body === "") return null;
  try {
    return JSON.parse(body) as Json;
  } catch {
    return body;
  }
}

function messageIn(body: string): string {
  const parsed = parse(body);
  if (parsed && typeof parsed === "object" && !Array.isArray(parsed) && typeof parsed.message === "string")
    return parsed.message;
  return body;
}

/** Nobody listened: the request was never taken, so asking again is no second request. */
const isRefused = (error: unknown): boolean => codeOf(error) === "ECONNREFUSED";
const codeOf = (error: unknown): unknown =>
  (error as { code?: unknown }).code ?? (error as { cause?: { code?: unknown } }).cause?.code;
const reasonOf = (error: unknown): string => String(codeOf(error) ?? (error as Error).message);
