import type { HttpAnswer } from "../processes/host.ts";
import { flawOfInvocationId } from "./ids.ts";
import type { PartitionProcessor } from "./partition-processor.ts";
import type { Subscriptions } from "./subscriptions.ts";

export interface AdminRequest {
  method: string;
  path: string;
  body: string;
}

/**
 * The part of the admin API that clients use: `PATCH /invocations/ID/cancel`, `kill` and `purge`, `POST /subscriptions`.
 * docs.restate.dev/admin-api
 */
export class Admin {
  readonly #processor: PartitionProcessor;
  readonly #subscriptions: Subscriptions;

  constructor(processor: PartitionProcessor, subscriptions: Subscriptions) {
    this.#processor = processor;
    this.#subscriptions = subscriptions;
  }

  handle({ method, path, body }: AdminRequest): HttpAnswer {
    if (path === "/health") return { status: 200, headers: {}, body: "" };
    if (method === "POST" && path === "/subscriptions") return this.#subscribe(body);
    const [, id, verb] = /^\/invocations\/([^/]+)\/(cancel|kill|purge)$/.exec(path) ?? [];
    if (method !== "PATCH" || id === undefined || verb === undefined) {
      return refusal(501, `the model of Restate has no ${method} ${path}; use the native stack`);
    }
    const flaw = flawOfInvocationId(id);
    if (flaw) return refusal(400, `The request field 'invocation_id' is invalid. Reason: ${flaw}`);
    const invocation = this.#processor.find(id);
    if (!invocation) return refusal(404, `The requested invocation '${id}' does not exist`);
    if (verb === "purge") return this.#purge(id, invocation.isCompleted);
    if (invocation.isCompleted) return refusal(409, `The invocation '${id}' was already completed.`);
    if (verb === "kill") {
      this.#processor.kill(id);
      return DONE;
    }
    const isRunning = invocation.status === "invoked" || invocation.status === "suspended";
    this.#processor.cancel(id);
    // what runs must see the cancellation first, and may take its time
    return isRunning ? { status: 202, headers: {}, body: "" } : DONE;
  }

  #subscribe(body: string): HttpAnswer {
    let asked: { source?: string; sink?: string };
    try {
      asked = JSON.parse(body) as typeof asked;
    } catch (error) {
      return refusal(400, String(error));
    }
    const { source = "", sink = "" } = asked;
    const created = this.#subscriptions.create(source, sink);
    if (typeof created === "string") return refusal(400, created);
    return json(201, { id: created.id, source, sink, options: {} });
  }

  #purge(id: string, isCompleted: boolean): HttpAnswer {
    if (!isCompleted) return refusal(409, `The invocation '${id}' is not yet completed.`);
    this.#processor.purge(id);
    return DONE;
  }
}

const DONE: HttpAnswer = { status: 200, headers: {}, body: "" };

const json = (status: number, body: object): HttpAnswer => ({
  status,
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
});
const refusal = (status: number, message: string): HttpAnswer => json(status, { message, restate_code: null });
