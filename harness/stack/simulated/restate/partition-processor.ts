import { type Content, type Frame, frameOf, MessageType, messageName } from "../../../protocol/index.ts";
import { applyCommand, type CommandTarget } from "./commands.ts";
import { invocationId } from "./ids.ts";
import { Inboxes } from "./inbox.ts";
import { asNotification, failure, Invocation, notificationKey, type Result, type Waiter } from "./invocation.ts";
import { Promises } from "./promises.ts";
import { State } from "./state.ts";
import type { Submission, Surface } from "./submission.ts";

/** The part of the invoker that the processor drives. */
export interface Invoker {
  /** Begins an attempt. */
  start(invocation: Invocation): void;
  /** A notification was stored: the attempt that runs, if any, is told. */
  forward(invocation: Invocation, entry: Frame): void;
  /** Gives up on the attempt that runs, if any. */
  abort(invocation: Invocation): void;
}

/** docs.restate.dev/services/invocation/managing-invocations: what waits or is scheduled ends so when it is cancelled. */
const CANCELLED = failure(409, "canceled");
const KILLED = failure(409, "killed");
const NOT_FOUND = failure(404, "not found");
/** docs.restate.dev/services/invocation/http, "Call the run handler of the workflow" */
const ALREADY_INVOKED = failure(409, "the workflow method was already invoked");
/** the built-in signal that cancels: BuiltInSignal.CANCEL of the service protocol */
const CANCEL_SIGNAL = 1;

/**
 * The state machine of Restate: it applies one thing at a time, atomically and durably, and drives the invoker. What the
 * real server appends to its log and then applies, in the order of the log, is here a call of a method.
 * docs.restate.dev/references/architecture, "Partition Processor"
 */
export class PartitionProcessor implements CommandTarget {
  readonly surface: Surface;
  readonly state = new State();
  readonly promises = new Promises();
  readonly #invoker: Invoker;
  readonly #inboxes = new Inboxes();
  readonly #invocations = new Map<string, Invocation>();
  /** calls and sends that are on their way, by the id of the invocation that they will make */
  readonly #underWay = new Map<string, Submission>();

  constructor(surface: Surface, invoker: Invoker) {
    this.surface = surface;
    this.#invoker = invoker;
  }

  get invocations(): Iterable<Invocation> {
    return this.#invocations.values();
  }
  find(id: string): Invocation | undefined {
    return this.#invocations.get(id);
  }
  /** Invocations that are still to be made, by calls and sends that are on their way. */
  get underWay(): [id: string, submission: Submission][] {
    return [...this.#underWay].filter(([id]) => !this.#invocations.has(id));
  }

  // --- requests ---

  /**
   * Executes a handler, or joins the invocation that an equal request has made before: one with the same idempotency
   * key for the same handler and key, or for the run of the same workflow.
   * docs.restate.dev/services/invocation/http, "Using an idempotency key"
   */
  submit(submission: Submission): { invocation: Invocation; isNew: boolean } {
    const { name, handler, key, idempotencyKey, waiter } = submission;
    const isRun = handler.kind === "workflow";
    const id = invocationId({
      name,
      service: handler.service,
      handler: handler.name,
      key,
      isRun,
      idempotencyKey: isRun ? undefined : idempotencyKey,
    });
    const known = this.#invocations.get(id.text);
    if (known) {
      // a workflow runs once: a second run is refused, it does not join
      if (waiter && isRun) this.#answer(known, waiter, ALREADY_INVOKED);
      else if (waiter) this.#join(known, waiter);
      return { invocation: known, isNew: false };
    }
    const invocation = new Invocation(name, id, handler, key, idempotencyKey, submission.due || undefined);
    const { headers, body } = submission;
    this.#store(invocation, frameOf(MessageType.Input, { headers, value: { content: body } }));
    if (waiter) invocation.waiters.push(waiter);
    this.#invocations.set(id.text, invocation);
    this.surface.scheduler.trace.nameInvocation(id.text, name);
    this.#schedule(invocation);
    return { invocation, isNew: true };
  }

  /** An invocation calls or sends to another: the request travels. */
  send(from: Invocation, label: string, id: string, submission: Submission): void {
    this.#underWay.set(id, submission);
    this.surface.outbox.send(from.place, label, () => {
      this.#underWay.delete(id);
      this.submit(submission);
    });
  }

  /** Waits for the result of an invocation. */
  attach(id: string, from: { place: string; name: string }, waiter: Waiter): void {
    const invocation = this.#invocations.get(id);
    if (invocation) this.#join(invocation, waiter);
    else this.#answer({ ...from, id: { text: id } }, waiter, NOT_FOUND);
  }

  #join(invocation: Invocation, waiter: Waiter): void {
    if (invocation.result) this.#answer(invocation, waiter, invocation.result);
    else invocation.waiters.push(waiter);
  }

  // --- life cycle ---

  /** docs.restate.dev/services/invocation/http, "Delayed messages" */
  #schedule(invocation: Invocation): void {
    const { scheduler, timers, epoch } = this.surface;
    if (invocation.due === undefined || invocation.due <= epoch + scheduler.now) {
      this.#enqueue(invocation);
      return;
    }
    invocation.status = "scheduled";
    timers.set(invocation.due - epoch, invocation.name, `${invocation.name} is due: ${invocation.target}`, () => {
      if (invocation.status === "scheduled") this.#enqueue(invocation);
    });
  }

  #enqueue(invocation: Invocation): void {
    invocation.status = "inboxed";
    if (invocation.handler.kind !== "exclusive" || this.#inboxes.enter(invocation.object!, invocation))
      this.#run(invocation);
  }

  #run(invocation: Invocation): void {
    invocation.status = "invoked";
    invocation.awaited.clear();
    this.#invoker.start(invocation);
  }

  /** Its code waits for something that is not there, and has let go of its attempt. */
  suspend(
    invocation: Invocation,
    { waiting_completions, waiting_signals, waiting_named_signals }: Content["Suspension"],
  ): void {
    invocation.awaited = new Set([
      ...waiting_completions.map((id) => notificationKey({ completion_id: id })),
      ...waiting_signals.map((id) => notificationKey({ signal_id: id })),
      ...waiting_named_signals.map((name) => notificationKey({ signal_name: name })),
    ]);
    const arrived = [...invocation.awaited].some((key) => invocation.notifications.has(key));
    if (arrived) this.#run(invocation);
    else invocation.status = "suspended";
  }

  /** Its code has ended. */
  end(invocation: Invocation): void {
    this.#complete(invocation, invocation.output ?? { value: new Uint8Array(0) });
  }

  #complete(invocation: Invocation, result: Result): void {
    invocation.status = "completed";
    invocation.result = result;
    for (const waiter of invocation.waiters.splice(0)) this.#answer(invocation, waiter, result);
    const next = invocation.object && this.#inboxes.leave(invocation.object, invocation);
    if (next) this.#run(next);
  }

  /** A waiting or scheduled invocation goes, and no record of it is left: its idempotency key may be used again. */
  #erase(invocation: Invocation, result: Result): void {
    if (invocation.object) this.#inboxes.forget(invocation.object, invocation);
    invocation.status = "completed";
    for (const waiter of invocation.waiters.splice(0)) this.#answer(invocation, waiter, result);
    this.#invocations.delete(invocation.id.text);
  }

  /** docs.restate.dev/services/invocation/managing-invocations, "Purge" */
  purge(id: string): void {
    if (this.#invocations.get(id)?.isCompleted) this.#invocations.delete(id);
  }

  /**
   * Raises a terminal error in the code of an invocation, at its next await; passing it on to the calls that it waits
   * for is the SDK's affair. docs.restate.dev/services/invocation/managing-invocations, "Cancel"
   */
  cancel(id: string): void {
    const invocation = this.#invocations.get(id);
    if (!invocation || invocation.isCompleted) return;
    if (invocation.status === "scheduled" || invocation.status === "inboxed") this.#erase(invocation, CANCELLED);
    else this.notify(id, MessageType.Signal, { signal_id: CANCEL_SIGNAL, void: {} });
  }

  /**
   * Ends an invocation without running any of its code, and the invocations that it made, the one-way ones included:
   * there the server departs from its documentation.
   * docs.restate.dev/services/invocation/managing-invocations, "Kill"
   */
  kill(id: string): void {
    const invocation = this.#invocations.get(id);
    if (!invocation || invocation.isCompleted) return;
    if (invocation.status === "scheduled" || invocation.status === "inboxed") {
      this.#erase(invocation, KILLED);
      return;
    }
    for (const child of invocation.children)
      this.surface.outbox.send(invocation.place, `${invocation.name} kills ${child}`, () => this.kill(child));
    this.#invoker.abort(invocation);
    this.#complete(invocation, KILLED);
  }

  /** The server has started again: what ran, runs again; the clients that waited are gone. */
  recover(): void {
    for (const invocation of this.#invocations.values()) {
      const stay = invocation.waiters.filter(({ kind }) => kind === "invocation");
      invocation.waiters.splice(0, Infinity, ...stay);
      invocation.failures = 0;
      if (invocation.status === "invoked") this.#invoker.start(invocation);
    }
  }

  // --- journal ---

  /** A command that an attempt sent: stored first, and then it takes effect. */
  apply(invocation: Invocation, frame: Frame): void {
    this.#store(invocation, frame);
    invocation.failures = 0;
    applyCommand(this, invocation, frame);
  }

  /**
   * A notification for an invocation: stored, and told to its attempt. It wakes a suspended invocation that waits for it.
   * A completion comes once; a signal as often as it is sent.
   */
  notify(id: string, type: number, content: Partial<Content["Signal"]>): void {
    const invocation = this.#invocations.get(id);
    if (!invocation || (invocation.status !== "invoked" && invocation.status !== "suspended")) return;
    const key = notificationKey(content);
    if (content.completion_id !== undefined && invocation.notifications.has(key)) return;
    const entry = frameOf(type, content);
    this.#store(invocation, entry);
    invocation.notifications.add(key);
    if (invocation.status === "invoked") this.#invoker.forward(invocation, entry);
    else if (invocation.awaited.has(key)) this.#run(invocation);
  }

  /** Completes a command of an invocation. */
  completeCommand(
    invocation: Invocation,
    type: number,
    completionId: number,
    content: Partial<Content["Signal"]>,
  ): void {
    this.notify(invocation.id.text, type, { completion_id: completionId, ...content });
  }

  #store(invocation: Invocation, entry: Frame): void {
    if (entry.type < 0x8000) invocation.commands++;
    invocation.journal.push(entry);
    invocation.lastStored = this.surface.scheduler.now;
  }

  /** Tells a waiter the result of an invocation. */
  #answer(from: { place: string; name: string; id: { text: string } }, waiter: Waiter, result: Result): void {
    if (waiter.kind === "client") {
      waiter.answer(result, from.id.text);
      return;
    }
    const { invocation, type, completionId } = waiter;
    const to = this.#invocations.get(invocation);
    const name = `${from.name} answers ${to?.name ?? invocation}: ${messageName(type)} ${completionId}`;
    this.surface.outbox.send(from.place, name, () =>
      this.notify(invocation, type, { completion_id: completionId, ...asNotification(result) }),
    );
  }
}
