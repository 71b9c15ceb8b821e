import type { InvocationStatus } from "../../stack.ts";
import type { Broker } from "../network/broker.ts";
import type { Network } from "../network/stream.ts";
import type { Endpoints } from "../processes/endpoints.ts";
import type { HttpAnswer } from "../processes/host.ts";
import { Admin, type AdminRequest } from "./admin.ts";
import type { Handler, Handlers } from "./discovery.ts";
import { Ingress, type IngressRequest } from "./ingress.ts";
import type { Invocation } from "./invocation.ts";
import { Invoker, type InvokerOptions } from "./invoker.ts";
import { Outbox } from "./outbox.ts";
import { PartitionProcessor } from "./partition-processor.ts";
import { Subscriptions } from "./subscriptions.ts";
import { Timers } from "./timers.ts";

/** The model of a Restate server: its parts, its crash, and its recovery. */
export class Restate {
  readonly #network: Network;
  readonly #outbox: Outbox;
  readonly #timers: Timers;
  readonly #invoker: Invoker;
  readonly #ingress: Ingress;
  readonly #admin: Admin;
  readonly #subscriptions: Subscriptions;
  readonly processor: PartitionProcessor;
  #up = true;

  constructor(
    network: Network,
    endpoints: Endpoints,
    registered: { handlers: Handlers; sdkVersion: string },
    broker: Broker,
    options: InvokerOptions & { epoch: number },
  ) {
    const { scheduler } = network;
    this.#network = network;
    this.#outbox = new Outbox(scheduler);
    this.#timers = new Timers(scheduler);
    this.#invoker = new Invoker(network, endpoints, options);
    const surface = { scheduler, outbox: this.#outbox, timers: this.#timers, epoch: options.epoch, ...registered };
    this.processor = new PartitionProcessor(surface, this.#invoker);
    this.#invoker.processor = this.processor;
    this.#ingress = new Ingress(this.processor);
    this.#subscriptions = new Subscriptions(this.processor, broker);
    this.#admin = new Admin(this.processor, this.#subscriptions);
  }

  get isUp(): boolean {
    return this.#up;
  }

  /** A request at the ingress; the server is up. */
  ingress(request: IngressRequest, answer: (answer: HttpAnswer) => void): void {
    this.#ingress.handle(request, answer);
  }
  /** A request at the admin API; the server is up. */
  admin(request: AdminRequest): HttpAnswer {
    return this.#admin.handle(request);
  }

  /** SIGKILL: what was applied stays, what was under way to the server, or from it, is lost. */
  crash(): void {
    if (!this.#up) return;
    this.#network.scheduler.log("KILL of Restate");
    this.#up = false;
    this.#invoker.crash();
    this.#outbox.hold();
    this.#timers.hold();
    this.#subscriptions.crash();
  }

  /** It starts again, with its data. */
  recover(): void {
    if (this.#up) return;
    this.#network.scheduler.log("Restate starts again");
    this.#up = true;
    this.#invoker.recover();
    this.processor.recover();
    this.#outbox.release();
    this.#timers.release();
    this.#subscriptions.recover();
  }

  /** What has not completed; calls and sends that are on their way, and records that wait to be ingested, included. */
  unfinished(): InvocationStatus[] {
    const known = [...this.processor.invocations].filter(({ isCompleted }) => !isCompleted);
    const sent = this.processor.underWay.map(
      ([id, { handler, key, idempotencyKey, due }]): InvocationStatus => ({
        ...targetOf(id, handler, key),
        ...(idempotencyKey !== undefined && { idempotencyKey }),
        ...(due ? { status: "scheduled", due } : { status: "ready" }),
      }),
    );
    const produced = this.#subscriptions.lag.map(
      ({ subscription: { handler }, record: { topic, partition, offset, key } }): InvocationStatus => ({
        ...targetOf(`${topic}/${partition}/${offset}`, handler, key && Buffer.from(key).toString()),
        status: "ready",
      }),
    );
    return [...known.map((one) => this.#statusOf(one)), ...sent, ...produced];
  }

  #statusOf(invocation: Invocation): InvocationStatus {
    const { id, handler, key, idempotencyKey, due, lastFailure } = invocation;
    const status = this.#statusName(invocation);
    return {
      ...targetOf(id.text, handler, key),
      ...(idempotencyKey !== undefined && { idempotencyKey }),
      status,
      ...(status === "scheduled" && due !== undefined && { due }),
      ...(status === "backing-off" && lastFailure !== undefined && { failure: lastFailure }),
    };
  }

  #statusName(invocation: Invocation): InvocationStatus["status"] {
    if (invocation.status === "inboxed") return "pending";
    if (invocation.status !== "invoked") return invocation.status;
    if (this.#invoker.isRunning(invocation)) return "running";
    return invocation.failures > 0 ? "backing-off" : "ready";
  }
}

const targetOf = (id: string, { service, name }: Handler, key: string | undefined) => ({
  id,
  service,
  handler: name,
  ...(key !== undefined && { key }),
});
