import type { FaultContext } from "../faults/index.ts";
import {
  AUDIT_CLIENT,
  type Final,
  type History,
  type HistoryEvent,
  type OperationEvent,
  RECOVERY_CLIENT,
  WEBHOOK_CLIENT,
} from "../history/index.ts";
import type { Json, Moment, Operation, Plan } from "../plan/index.ts";
import type { OperationDraft, Property } from "../property/index.ts";
import type { ExternalAnswer, ExternalRequest, Stack } from "../stack/index.ts";
import { SubjectDied } from "../stack/simulated/index.ts";
import type { Webhook, World } from "../world/index.ts";
import { ClientCall, type Completion, outputOf, type Wish } from "./client.ts";
import { type Adapter, Contract } from "./contract.ts";
import { argumentsOf, ExternalTraffic } from "./external-traffic.ts";
import { Interruptions } from "./interruptions.ts";
import { type Decided, Nemesis } from "./nemesis.ts";
import type { Quiescence } from "./quiescence.ts";
import { isOf, type Tag, untagged, untaggedJson } from "./tag.ts";
import type { CaseObserver, Source, TrafficRouter } from "./traffic-router.ts";

/** What the cases on one stack share. */
export interface CaseContext {
  stack: Stack;
  router: TrafficRouter;
  quiescence: Quiescence;
  property: Property;
  /** how the implementation under test differs from the contract; absent for the project's own */
  adapter?: Adapter;
  makeTag(): Tag;
  makeWorld(): World;
}

/** The recovery phase begins after this time at the latest, on the stack's clock. */
const RUN_BOUND_MS = 20_000;
/** How long, on the stack's clock, a run may stand still before the recovery phase begins. */
const STANDSTILL_MS = 120;
/** How long healing may take, a restart of Restate included: it waits for nothing that the services do. */
const HEAL_BOUND_MS = 45_000;
/** How long, from the recovery phase on, everything may take to end: beyond it the run is not live. */
export const LIVENESS_BOUND_MS = 6_000;
/** How long the recovery phase waits for everything to end by itself before it releases who waits; doubled each time that this helps nobody. */
const RELEASE_MS = 100;
/** Attempts beyond this number are no sign that a run gets on: somebody tries in vain. */
const ATTEMPTS_OF_LIFE = 20;
/** An invocation whose attempts fail so often in the recovery phase will not succeed. */
const HOPELESS_FAILURES = 25;

export interface CaseResult {
  history: History;
  /** the run proves nothing, and why: something was held for what never came */
  void?: string;
}

/** Runs one plan and says what happened. Never rejects for what the services do. @throws when the stack fails */
export async function runCase(context: CaseContext, plan: Plan): Promise<CaseResult> {
  let running: Case | undefined;
  const run = (): Promise<CaseResult> => {
    running = new Case(context, plan);
    return running.run();
  };
  try {
    return await context.stack.run(run, { seed: plan.schedule ?? 0 });
  } catch (error) {
    // a handler that never pauses, or allocates without end, ends a simulated run
    if (!(error instanceof SubjectDied) || !running) throw error;
    return running.cutShort(error);
  }
}

class Case implements CaseObserver {
  readonly #context: CaseContext;
  readonly #plan: Plan;
  /** those of the plan, and what the recovery phase and the audit add */
  readonly #operations: Operation[];
  readonly #tag: Tag;
  readonly #contract: Contract;
  readonly #interruptions: Interruptions;
  readonly #external: ExternalTraffic;
  readonly #nemesis: Nemesis;
  readonly #started: number;
  readonly #events: HistoryEvent[] = [];
  readonly #moments: Moment[] = [];
  readonly #calling = new Map<string, ClientCall>();
  readonly #completions = new Map<string, PromiseWithResolvers<void>>();
  readonly #invocations = new Map<string, PromiseWithResolvers<string | undefined>>();
  /** how many operations of the plan have completed */
  #completed = 0;
  /** the operations that external systems make */
  readonly #deliveries = new Set<string>();
  #lastSign: number;
  readonly #standstill = Promise.withResolvers<void>();
  #over = false;
  #machineryFailure: string | undefined;
  #recovering = false;
  #abandoned = false;
  /** attempts that failed since the recovery phase began, by invocation */
  readonly #failures = new Map<string, number>();
  readonly #stuck = Promise.withResolvers<void>();
  #isStuck = false;
  /** the latest operation of the recovery phase */
  #release: Promise<unknown> | undefined;

  constructor(context: CaseContext, plan: Plan) {
    this.#context = context;
    this.#plan = plan;
    this.#operations = [...plan.operations];
    this.#tag = context.makeTag();
    this.#contract = new Contract(context.property, context.adapter, this.#tag);
    this.#interruptions = new Interruptions(plan.operations, this.#contract);
    this.#external = new ExternalTraffic({
      world: context.makeWorld(),
      clock: context.stack.clock,
      moment: (moment, detail) => this.moment(moment, detail),
      record: (entry, from) => this.#add(this.#untagged({ at: this.#now(), ...entry, ...from })),
      deliver: (webhook, id) => this.#deliver(webhook, id),
    });
    this.#started = this.#lastSign = context.stack.clock.now();
    this.#nemesis = new Nemesis(
      plan,
      (moment) => this.#faultContext(moment),
      (event) => this.#add({ type: "fault", at: this.#now(), ...event }),
    );
    for (const { id } of plan.operations) {
      this.#completions.set(id, Promise.withResolvers());
      this.#invocations.set(id, Promise.withResolvers());
    }
  }

  async run(): Promise<CaseResult> {
    const { router } = this.#context;
    router.join(this.#tag, this);
    const clients = Map.groupBy(this.#plan.operations, ({ client }) => client);
    const done = Promise.all([...clients.values()].map((operations) => this.#client(operations)));
    await this.#untilStandstill(done);
    const final = await this.#recover(done);
    this.#nemesis.recordMissed();
    this.#over = true;
    await this.#leave(final);
    const history = this.#historyWith(final);
    const [broken] = this.#nemesis.brokenOrders;
    const reason = this.#machineryFailure ?? (broken === undefined ? undefined : `an order was not met: ${broken}`);
    return reason === undefined ? { history } : { history, void: reason };
  }

  /** What is known of a run that could not go on, for what a service did. */
  cutShort({ message, place }: SubjectDied): CaseResult {
    this.died({ how: message, ...(place !== undefined && { place }) });
    this.#over = true;
    this.#context.router.leave(this.#tag);
    return { history: this.#historyWith({ quiescent: false, unfinished: [], state: {} }) };
  }

  #historyWith(final: Final): CaseResult["history"] {
    return {
      plan: this.#plan,
      operations: this.#operations,
      stack: this.#context.stack.kind,
      events: this.#events,
      final,
      moments: this.#moments,
    };
  }

  // --- clients

  async #client(operations: Operation[]): Promise<void> {
    for (const operation of operations) {
      await Promise.all((operation.after ?? []).map((id) => this.#completions.get(id)?.promise));
      if (operation.at) await this.#untilMoment(operation.at);
      const { of } = operation;
      const invocation = of === undefined ? undefined : await this.#invocations.get(of)?.promise;
      if (this.#abandoned) return;
      await this.#perform(operation, invocation);
    }
  }

  /** A moment that never comes must not keep a client for ever: it goes on when the run stands still. */
  async #untilMoment(moment: Moment): Promise<void> {
    await Promise.race([this.#nemesis.reached(moment), this.#standstill.promise]);
  }

  /** @param invocation the one that the operation is about, if it is about another's */
  async #perform(operation: Operation, invocation: string | undefined): Promise<void> {
    const { id } = operation;
    const pass = (point: "invoke" | "completion", when: Moment["when"]) =>
      this.moment({ at: "operation", operation: id, point, when }, "");
    await pass("invoke", "before");
    const wish = this.#wish(operation, invocation);
    this.#invoke(operation, wish);
    const completion = await this.#call(operation, wish, () => void pass("invoke", "after"));
    if (completion.invocation !== undefined) this.#context.router.works(this.#tag, completion.invocation);
    await pass("completion", "before");
    this.#complete(operation, completion);
    this.#completed++;
    this.#invocations.get(id)?.resolve(completion.invocation);
    this.#completions.get(id)?.resolve();
    await pass("completion", "after");
  }

  #wish(operation: Operation, invocation: string | undefined): Wish | undefined {
    return this.#contract.wish(operation, invocation, {
      now: this.#context.stack.clock.now(),
      webhooks: this.#external.told,
    });
  }

  #invoke(operation: Operation, wish: Wish | undefined): void {
    this.#interruptions.invoked(operation);
    const [request, identity] = [this.#contract.shown(wish), this.#contract.identity(operation)];
    this.#add({
      type: "invoke",
      at: this.#now(),
      operation: operation.id,
      ...(request && { request }),
      ...(identity !== undefined && { identity }),
    });
  }

  #complete(operation: Operation, completion: Completion): void {
    const honest = this.#interruptions.heeded(operation, this.#inWords(operation, completion));
    this.#add({ ...honest, at: this.#now(), operation: operation.id } as OperationEvent);
  }

  /** What a client was told, in the words of the contract and with the ids of the plan. */
  #inWords(operation: Operation, completion: Completion): Completion {
    const about = operation.kind === "attach" ? this.#operations.find(({ id }) => id === operation.of) : operation;
    return this.#contract.translated(this.#untagged(completion), about);
  }

  async #call(operation: Operation, wish: Wish | undefined, sent?: () => void): Promise<Completion> {
    if (!wish) return { type: "fail", code: 404, message: `operation ${operation.of} made no invocation` };
    const call = new ClientCall({
      stack: this.#context.stack,
      wish,
      name: `${this.#tag}/${operation.id}`,
      retries: operation.retries ?? 0,
      ...(sent && { sent }),
    });
    this.#calling.set(operation.id, call);
    const completion = await call.run();
    this.#calling.delete(operation.id);
    return completion;
  }

  // --- the traffic on behalf of the case

  moment(moment: Moment, detail: string): Decided | Promise<Decided> {
    if (this.#over) return {};
    // a call to an external system leaves its sign in the ledger
    if (moment.at !== "effect" && !(moment.at === "message" && moment.attempt > ATTEMPTS_OF_LIFE))
      this.#lastSign = this.#context.stack.clock.now();
    if (this.#completions.has(moment.operation)) this.#moments.push(moment);
    return this.#nemesis.at(moment, detail);
  }

  attempt(event: Parameters<CaseObserver["attempt"]>[0]): void {
    const { operation } = event;
    if (!this.#completions.has(operation) && !this.#deliveries.has(operation)) return; // a question of our own
    this.#add(this.#untagged({ type: "attempt", at: this.#now(), ...event }));
    if (this.#recovering && event.phase === "failed") this.#failed(event.invocation);
  }

  /** Nothing is left that could make an attempt fail: one that fails again and again will do so for ever. */
  #failed(invocation: string): void {
    const failures = (this.#failures.get(invocation) ?? 0) + 1;
    this.#failures.set(invocation, failures);
    if (failures < HOPELESS_FAILURES) return;
    this.#isStuck = true;
    this.#stuck.resolve();
  }

  invocation(operation: string, invocation: string): void {
    this.#invocations.get(operation)?.resolve(invocation);
  }

  died(death: Parameters<CaseObserver["died"]>[0]): void {
    this.#add(this.#untagged({ type: "death", at: this.#now(), ...death }));
  }

  machineryFailed(how: string): void {
    this.#machineryFailure ??= how;
  }

  external(request: ExternalRequest, from: Source): Promise<ExternalAnswer | "lost"> {
    return this.#external.handle(request, from);
  }

  /** An external system tells something by itself. Where the property does not say how, nobody listens. */
  async #deliver(webhook: Webhook, id: string): Promise<"ok" | "fail" | "info"> {
    const kind = this.#context.property.delivery;
    if (kind === undefined) return "ok";
    this.#deliveries.add(id);
    return this.#ownOperation({ id, client: WEBHOOK_CLIENT, kind, args: this.#untagged(argumentsOf(webhook)) });
  }

  #faultContext(moment: Moment): FaultContext {
    return {
      cutClient: (then) => this.#calling.get(moment.operation)?.cut(then),
      inject: (injection) => this.#context.stack.inject(injection),
      holdCallsOfOpenAttempts: () => this.#context.router.holdCallsOfOpenAttempts(),
    };
  }

  // --- the end

  /**
   * Settles when all clients are done, and what they have begun where that goes on; or when nothing has moved for a while:
   * then only the recovery phase can help.
   */
  async #untilStandstill(done: Promise<unknown>): Promise<void> {
    const { property, stack } = this.#context;
    const { clock } = stack;
    let finished = false;
    void done.then(() => {
      finished = true;
    });
    for (let chances = 0; !finished || property.goesOn; ) {
      if (this.#now() > RUN_BOUND_MS) return;
      const quiet = clock.now() - this.#lastSign;
      if (quiet < STANDSTILL_MS || this.#nemesis.healing.length > 0) {
        const pause = clock.sleep(Math.max(5, STANDSTILL_MS - quiet));
        await (finished ? pause : Promise.race([done, pause]));
      } else if (finished) {
        return;
      } else if (chances++ === 0) {
        // operations whose moment did not come are invoked now, and get their time
        this.#standstill.resolve();
        this.#lastSign = clock.now();
      } else return;
    }
  }

  async #recover(done: Promise<unknown>): Promise<Final> {
    const { quiescence, stack, router } = this.#context;
    const { clock } = stack;
    this.#standstill.resolve();
    this.#add({ type: "recovery", at: this.#now() });
    await this.#heal();
    this.#recovering = true;
    const deadline = clock.now() + LIVENESS_BOUND_MS;
    const late = clock.sleep(LIVENESS_BOUND_MS).then(() => false);
    let ended = false;
    void this.#releaseWaiting(() => ended);
    const answered = await Promise.race([done.then(() => true), late, this.#stuck.promise.then(() => false)]);
    // whoever still waits gives up, and begins nothing new; what releases may have its answer still on its way
    this.#abandoned = true;
    for (const [id, call] of this.#calling) if (this.#completions.has(id)) call.cut("walks away");
    for (const { resolve } of this.#completions.values()) resolve();
    for (const { resolve } of this.#invocations.values()) resolve(undefined);
    await done;
    const unfinished = await quiescence.reached(
      this.#tag,
      () => router.invocationsOf(this.#tag),
      () => this.#underWay(),
      () => this.#isStuck || clock.now() > deadline,
    );
    ended = true;
    const quiescent = answered && unfinished.length === 0;
    // what is asked at the end must not overlap with it; where something is stuck, it may be stuck as well
    if (!quiescent) for (const call of this.#calling.values()) call.cut("walks away");
    await this.#release;
    this.#external.end();
    await this.#learn();
    // where something is stuck, a question may wait behind it for ever
    if (quiescent) await this.#audit();
    return {
      quiescent,
      unfinished: unfinished.map((text) => untagged(text, this.#tag)),
      state: await this.#state(),
    };
  }

  /** Heals everything. @throws when a heal fails, or takes longer than its bound: that is no fault of the services */
  async #heal(): Promise<void> {
    const late = this.#context.stack.clock.sleep(HEAL_BOUND_MS).then(() => {
      throw new Error(`the stack could not heal ${this.#nemesis.healing.join(", ")} within ${HEAL_BOUND_MS} ms`);
    });
    late.catch(() => {});
    await Promise.race([this.#nemesis.recover(), late]);
  }

  /** What of the case is under way beside its invocations, in words. */
  #underWay(): string[] {
    return [...this.#external.underWay, ...this.#nemesis.restless];
  }

  /** Until all has ended: what waits for something that no operation does any more is released. */
  async #releaseWaiting(ended: () => boolean): Promise<void> {
    const drafts = this.#context.property.release(this.#plan.operations);
    for (let pause = RELEASE_MS, number = 1, before = 0; drafts.length > 0; ) {
      await this.#context.stack.clock.sleep(pause);
      for (const draft of drafts) {
        if (ended()) return;
        this.#release = this.#ownOperation(draft.as(`r${number++}`, RECOVERY_CLIENT));
        await this.#release;
      }
      // who was released may be followed by another who waits
      pause = this.#completed > before ? RELEASE_MS : 2 * pause;
      before = this.#completed;
    }
  }

  /** What is found at the end. */
  async #audit(): Promise<void> {
    const drafts: OperationDraft[] = this.#context.property.audit(this.#plan.operations);
    for (const [index, draft] of drafts.entries()) await this.#ownOperation(draft.as(`a${index + 1}`, AUDIT_CLIENT));
  }

  /** An operation that is not of the plan. */
  async #ownOperation(operation: Operation): Promise<"ok" | "fail" | "info"> {
    this.#operations.push(operation);
    const wish = this.#wish(operation, undefined);
    this.#invoke(operation, wish);
    const completion = await this.#call(operation, wish);
    this.#complete(operation, completion);
    return completion.type;
  }

  async #state(): Promise<Final["state"]> {
    const state: Final["state"] = {};
    for (const [object, values] of Object.entries(await this.#context.stack.probe.state(this.#tag))) {
      const entries = Object.entries(values).map(([name, text]): [string, Json] => [
        name,
        JSON.parse(untagged(text, this.#tag)) as Json,
      ]);
      state[untagged(object, this.#tag)] = Object.fromEntries(entries);
    }
    return state;
  }

  /** How the invocations ended whose clients never heard. */
  async #learn(): Promise<void> {
    for (const event of this.#events.filter(({ type }) => type === "info")) {
      if (event.type !== "info" || event.error) continue;
      const operation = this.#plan.operations.find(({ id }) => id === event.operation);
      const pending = this.#invocations.get(event.operation);
      pending?.resolve(undefined);
      const invocation = await pending?.promise;
      if (!operation || invocation === undefined || this.#isOneWay(operation)) continue;
      const learned = this.#inWords(operation, await outputOf(this.#context.stack, invocation));
      if (learned.type === "info") continue;
      const outcome =
        learned.type === "ok" ? { value: learned.value } : { code: learned.code, message: learned.message };
      this.#add({ type: "learned", at: this.#now(), operation: operation.id, outcome });
    }
  }

  #isOneWay(operation: Operation): boolean {
    return this.#contract.isOneWay(operation, this.#contract.shown(this.#wish(operation, "")));
  }

  /** Leaves the stack as it found it: what has not ended is terminated, what has ended is forgotten. */
  async #leave(final: Final): Promise<void> {
    const { stack, router } = this.#context;
    const invocations = new Set(router.leave(this.#tag));
    if (stack.capabilities.has("virtual-time")) return; // all that the run had ends with it
    for (const status of await stack.probe.unfinished()) {
      if (!isOf(status, this.#tag) && !invocations.has(status.id)) continue;
      invocations.add(status.id);
      await stack.fetch("admin", { method: "PATCH", path: `/invocations/${status.id}/kill`, headers: {} });
    }
    if (final.quiescent) void stack.forget([...invocations]).catch(() => {});
  }

  #now(): number {
    return this.#context.stack.clock.now() - this.#started;
  }

  #add(event: HistoryEvent): void {
    if (this.#over) return;
    const attempt = "attempt" in event ? (event.attempt ?? 0) : 0;
    if (attempt <= ATTEMPTS_OF_LIFE) this.#lastSign = this.#context.stack.clock.now();
    this.#events.push(event);
  }

  #untagged<T>(value: T): T {
    return untaggedJson(value, this.#tag);
  }
}
