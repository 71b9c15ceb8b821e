import type { Final, History, HistoryEvent, OperationEvent, Outcome as OperationOutcome } from "../history/index.ts";
import type { Call, Json, Moment, Operation, Plan } from "../plan/index.ts";
import type { ExternalAnswer, ExternalRequest, Stack } from "../stack/index.ts";
import type { World } from "../world/index.ts";
import { type Completion, outputOf, Performance } from "./client.ts";
import type { Scene } from "./faults/index.ts";
import { Nemesis, type Outcome } from "./nemesis.ts";
import type { Quiescence } from "./quiescence.ts";
import type { Subject } from "./subject.ts";
import type { Party, Source, Switchboard } from "./switchboard.ts";
import { isOf, type Tag, taggedOperation, untagged, untaggedJson } from "./tag.ts";

/** What the cases on one stack share. */
export interface Ground {
  stack: Stack;
  switchboard: Switchboard;
  quiescence: Quiescence;
  subject: Subject;
  /** calls that let go of who still waits at the end of a case */
  closing(plan: Plan): Call[];
  /** reads to be made at the end of a case */
  audit(plan: Plan): Record<string, Call>;
  makeTag(): Tag;
  makeWorld(): World;
}

/** The closing phase begins after this time at the latest, on the stack's clock. */
const RUN_BOUND_MS = 20_000;
/** How long, on the stack's clock, a run may stand still before the closing phase begins. */
const STANDSTILL_MS = 120;
/** How long healing may take, a restart of Restate included: it waits for nothing that the services do. */
const HEAL_BOUND_MS = 45_000;
/** How long, from the closing phase on, everything may take to end: beyond it the run is not live. */
export const LIVENESS_BOUND_MS = 6_000;
/** How long the closing phase waits for everything to end by itself before it lets go of who waits; doubled each time. */
const RELEASE_MS = 100;
/** Attempts beyond this number are no sign that a run gets on: somebody tries in vain. */
const ATTEMPTS_OF_LIFE = 20;
/** An invocation whose attempts fail so often in the closing phase will not succeed. */
const HOPELESS_FAILURES = 25;

export interface CaseResult {
  history: History;
  /** the run proves nothing, and why: a pin was held for something that never came */
  void?: string;
}

/** Runs one plan and says what happened. Never rejects for what the services do. */
export async function runCase(ground: Ground, plan: Plan): Promise<CaseResult> {
  return ground.stack.run(() => new Case(ground, plan).run(), { seed: plan.schedule ?? 0 });
}

class Case implements Party {
  readonly #ground: Ground;
  readonly #plan: Plan;
  /** those of the plan, and what the closing phase adds */
  readonly #operations: Operation[];
  readonly #tag: Tag;
  readonly #world: World;
  readonly #nemesis: Nemesis;
  readonly #started: number;
  readonly #events: HistoryEvent[] = [];
  readonly #moments: Moment[] = [];
  readonly #performing = new Map<string, Performance>();
  readonly #completions = new Map<string, PromiseWithResolvers<void>>();
  readonly #invocations = new Map<string, PromiseWithResolvers<string | undefined>>();
  readonly #calls = new Map<string, number>();
  #callsInFlight = 0;
  #lastSign: number;
  readonly #standstill = Promise.withResolvers<void>();
  #over = false;
  #closing = false;
  #abandoned = false;
  /** attempts that failed since the closing phase began, by invocation */
  readonly #failures = new Map<string, number>();
  readonly #stuck = Promise.withResolvers<void>();
  #isStuck = false;
  /** the latest operation of the closing phase */
  #release: Promise<void> | undefined;

  constructor(ground: Ground, plan: Plan) {
    this.#ground = ground;
    this.#plan = plan;
    this.#operations = [...plan.operations];
    this.#tag = ground.makeTag();
    this.#world = ground.makeWorld();
    this.#started = this.#lastSign = ground.stack.clock.now();
    this.#nemesis = new Nemesis(
      plan,
      (moment) => this.#scene(moment),
      (event) => this.#add({ type: "fault", at: this.#now(), ...event }),
    );
    for (const { id } of plan.operations) {
      this.#completions.set(id, Promise.withResolvers());
      this.#invocations.set(id, Promise.withResolvers());
    }
  }

  async run(): Promise<CaseResult> {
    const { switchboard } = this.#ground;
    switchboard.join(this.#tag, this);
    const clients = Map.groupBy(this.#plan.operations, ({ client }) => client);
    const done = Promise.all([...clients.values()].map((operations) => this.#client(operations)));
    await this.#untilStandstill(done);
    const final = await this.#close(done);
    this.#nemesis.recordMissed();
    this.#over = true;
    await this.#leave(final);
    const history = {
      plan: { ...this.#plan, operations: this.#operations },
      stack: this.#ground.stack.kind,
      events: this.#events,
      final,
      moments: this.#moments,
    };
    const [broken] = this.#nemesis.brokenPins;
    return broken === undefined ? { history } : { history, void: `a pin was not met: ${broken}` };
  }

  // --- clients

  async #client(operations: Operation[]): Promise<void> {
    for (const operation of operations) {
      await Promise.all((operation.after ?? []).map((id) => this.#completions.get(id)!.promise));
      if (operation.at) await this.#untilMoment(operation.at);
      const { of } = operation;
      const invocation = of === undefined ? undefined : await this.#invocations.get(of)!.promise;
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
    this.#add({ type: "invoke", at: this.#now(), operation: id });
    let completion: Completion;
    if (operation.of !== undefined && invocation === undefined) {
      completion = { type: "fail", status: 404, message: `operation ${operation.of} made no invocation` };
    } else {
      const about = this.#plan.operations.find((other) => other.id === operation.of)?.call;
      const performance = new Performance({
        stack: this.#ground.stack,
        subject: this.#ground.subject,
        operation: taggedOperation(operation, this.#tag),
        name: `${this.#tag}/${id}`,
        ...(invocation !== undefined && { invocation }),
        ...(about && { about }),
        sent: () => void pass("invoke", "after"),
      });
      this.#performing.set(id, performance);
      completion = await performance.run();
      this.#performing.delete(id);
    }
    if (completion.invocation !== undefined) this.#ground.switchboard.works(this.#tag, completion.invocation);
    await pass("completion", "before");
    this.#add(this.#untagged<OperationEvent>({ ...completion, at: this.#now(), operation: id }));
    this.#invocations.get(id)!.resolve(completion.invocation);
    this.#completions.get(id)!.resolve();
    await pass("completion", "after");
  }

  // --- the traffic on behalf of the case

  moment(moment: Moment, detail: string): Outcome | Promise<Outcome> {
    if (this.#over) return {};
    // a call to an external system leaves its sign in the ledger
    if (moment.at === "operation" || (moment.at === "message" && moment.attempt <= ATTEMPTS_OF_LIFE))
      this.#lastSign = this.#ground.stack.clock.now();
    if (this.#completions.has(moment.operation)) this.#moments.push(moment);
    return this.#nemesis.at(moment, detail);
  }

  attempt(event: Parameters<Party["attempt"]>[0]): void {
    if (!this.#completions.has(event.operation)) return; // a question of our own
    this.#add(this.#untagged({ type: "attempt", at: this.#now(), ...event }));
    if (this.#closing && event.phase === "failed") this.#failed(event.invocation);
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

  async external(request: ExternalRequest, from: Source): Promise<ExternalAnswer | "lost"> {
    this.#callsInFlight++;
    try {
      return await this.#external(request, from);
    } finally {
      this.#callsInFlight--;
    }
  }

  async #external(request: ExternalRequest, from: Source): Promise<ExternalAnswer | "lost"> {
    const operation = from.operation ?? "";
    const call = (this.#calls.get(operation) ?? 0) + 1;
    this.#calls.set(operation, call);
    const name = `${request.method} ${request.path}`;
    const before = await this.moment({ at: "effect", operation, call, when: "before" }, name);
    if (before.external === "fail") return { status: 503, body: JSON.stringify({ message: "unavailable" }) };
    const { answer, entries } = this.#world.handle(request, this.#ground.stack.clock.now());
    for (const entry of entries) this.#add(this.#untagged({ at: this.#now(), ...entry, ...from }));
    const after = await this.moment({ at: "effect", operation, call, when: "after" }, name);
    return after.external === "lose" ? "lost" : answer;
  }

  #scene(moment: Moment): Scene {
    return {
      cutClient: (then) => this.#performing.get(moment.operation)?.cut(then),
      inject: (injection) => this.#ground.stack.inject(injection),
      holdCallsOfOpenAttempts: () => this.#ground.switchboard.holdCallsOfOpenAttempts(),
    };
  }

  // --- the end

  /** Settles when all clients are done, or when nothing has moved for a while: then only the closing phase can help. */
  async #untilStandstill(done: Promise<unknown>): Promise<void> {
    const { clock } = this.#ground.stack;
    let finished = false;
    void done.then(() => {
      finished = true;
    });
    for (let chances = 0; !finished; ) {
      if (this.#now() > RUN_BOUND_MS) return;
      const quiet = clock.now() - this.#lastSign;
      if (quiet < STANDSTILL_MS || this.#nemesis.healing.length > 0) {
        await Promise.race([done, clock.sleep(Math.max(5, STANDSTILL_MS - quiet))]);
      } else if (chances++ === 0) {
        // operations whose moment did not come are invoked now, and get their time
        this.#standstill.resolve();
        this.#lastSign = clock.now();
      } else return;
    }
  }

  async #close(done: Promise<unknown>): Promise<Final> {
    const { quiescence } = this.#ground;
    const { clock } = this.#ground.stack;
    this.#standstill.resolve();
    await this.#heal();
    this.#closing = true;
    const deadline = clock.now() + LIVENESS_BOUND_MS;
    const late = clock.sleep(LIVENESS_BOUND_MS).then(() => false);
    let ended = false;
    void this.#letGo(() => ended);
    const answered = await Promise.race([done.then(() => true), late, this.#stuck.promise.then(() => false)]);
    // whoever still waits gives up, and begins nothing new
    this.#abandoned = true;
    for (const performance of this.#performing.values()) performance.cut("walks away");
    for (const { resolve } of this.#completions.values()) resolve();
    for (const { resolve } of this.#invocations.values()) resolve(undefined);
    await done;
    const unfinished = await quiescence.reached(
      this.#tag,
      () => this.#ground.switchboard.invocationsOf(this.#tag),
      () => this.#underWay(),
      () => this.#isStuck || clock.now() > deadline,
    );
    ended = true;
    const quiescent = answered && unfinished.length === 0;
    // what is asked at the end must not overlap with it
    if (quiescent) await this.#release;
    for (const entry of this.#world.lapse("")) this.#add(this.#untagged({ at: this.#now(), ...entry }));
    return {
      quiescent,
      unfinished: unfinished.map((text) => untagged(text, this.#tag)),
      state: await this.#state(),
      outcomes: await this.#outcomes(),
      // where something is stuck, a question may wait behind it for ever
      answers: quiescent ? await this.#answers() : {},
    };
  }

  /** Heals everything. @throws when a heal fails, or takes longer than its bound: that is no fault of the services */
  async #heal(): Promise<void> {
    const late = this.#ground.stack.clock.sleep(HEAL_BOUND_MS).then(() => {
      const healing = this.#nemesis.healing.join(", ");
      throw new Error(`the stack could not heal ${healing} within ${HEAL_BOUND_MS} ms`);
    });
    late.catch(() => {});
    await Promise.race([this.#nemesis.close(), late]);
  }

  /** What of the case is under way beside its invocations, in words. */
  #underWay(): string[] {
    const calls = this.#callsInFlight === 0 ? [] : ["a call to an external system is in flight"];
    return [...calls, ...this.#nemesis.restless];
  }

  /** Until all has ended: what waits for something that no operation does any more is let go of. */
  async #letGo(ended: () => boolean): Promise<void> {
    const calls = this.#ground.closing(this.#plan);
    for (let pause = RELEASE_MS; calls.length > 0; pause *= 2) {
      await this.#ground.stack.clock.sleep(pause);
      for (const call of calls) {
        if (ended()) return;
        this.#release = this.#closingOperation(call);
        await this.#release;
      }
    }
  }

  async #closingOperation(call: Call): Promise<void> {
    const id = `closing${1 + this.#operations.length - this.#plan.operations.length}`;
    const operation: Operation = { id, client: "closing", kind: "closing", mode: "call", call };
    this.#operations.push(operation);
    this.#add({ type: "invoke", at: this.#now(), operation: id });
    const completion = await this.#ask(operation);
    this.#add({ ...completion, at: this.#now(), operation: id });
  }

  async #state(): Promise<Final["state"]> {
    const state: Final["state"] = {};
    for (const [object, values] of Object.entries(await this.#ground.stack.probe.state(this.#tag))) {
      const [service, ...key] = object.split("/");
      const entries = Object.entries(values).map(([name, text]) => [
        name,
        JSON.parse(untagged(text, this.#tag)) as Json,
      ]);
      state[`${this.#ground.subject.contractName(service!)}/${untagged(key.join("/"), this.#tag)}`] =
        Object.fromEntries(entries);
    }
    return state;
  }

  async #answers(): Promise<Record<string, Json>> {
    const answers: Record<string, Json> = {};
    for (const [name, call] of Object.entries(this.#ground.audit(this.#plan))) {
      const answer = await this.#ask({ id: "audit", client: "", kind: "audit", mode: "call", call });
      if (answer.type === "ok") answers[name] = answer.value;
    }
    return answers;
  }

  /** How every invocation ended, also those whose client never heard. */
  async #outcomes(): Promise<Final["outcomes"]> {
    const outcomes: Record<string, OperationOutcome> = {};
    for (const event of this.#events) {
      if (event.type === "ok") outcomes[event.operation] = { status: "succeeded", value: event.value };
      else if (event.type === "fail")
        outcomes[event.operation] = { status: "failed", code: event.status, message: event.message };
      else if (event.type === "info") {
        const learned = await this.#learn(event.operation);
        if (learned) outcomes[event.operation] = learned;
      }
    }
    return outcomes;
  }

  async #learn(operation: string): Promise<OperationOutcome | undefined> {
    this.#invocations.get(operation)?.resolve(undefined);
    const invocation = await this.#invocations.get(operation)?.promise;
    if (invocation === undefined) return undefined;
    const answer = this.#untagged(await outputOf(this.#ground.stack, invocation));
    if (answer.type === "ok") {
      const { call } = this.#plan.operations.find(({ id }) => id === operation)!;
      return { status: "succeeded", value: call ? this.#ground.subject.decode(call, answer.value) : answer.value };
    }
    return answer.type === "fail" ? { status: "failed", code: answer.status, message: answer.message } : undefined;
  }

  /** A request of our own, after all is quiet. */
  async #ask(operation: Operation): Promise<Completion> {
    const performance = new Performance({
      stack: this.#ground.stack,
      subject: this.#ground.subject,
      operation: taggedOperation(operation, this.#tag),
      name: `${this.#tag}/${operation.id}`,
      sent: () => {},
    });
    return this.#untagged(await performance.run());
  }

  /** Leaves the stack as it found it: what has not ended is terminated, what has ended is forgotten. */
  async #leave(final: Final): Promise<void> {
    const { stack, switchboard } = this.#ground;
    const invocations = new Set(switchboard.leave(this.#tag));
    if (stack.capabilities.has("virtual-time")) return; // all that the run had ends with it
    for (const status of await stack.probe.unfinished()) {
      if (!isOf(status, this.#tag) && !invocations.has(status.id)) continue;
      invocations.add(status.id);
      await stack.fetch("admin", { method: "PATCH", path: `/invocations/${status.id}/kill`, headers: {} });
    }
    if (final.quiescent) void stack.forget([...invocations]).catch(() => {});
  }

  #now(): number {
    return this.#ground.stack.clock.now() - this.#started;
  }

  #add(event: HistoryEvent): void {
    if (this.#over) return;
    const attempt = "attempt" in event ? (event.attempt ?? 0) : 0;
    if (attempt <= ATTEMPTS_OF_LIFE) this.#lastSign = this.#ground.stack.clock.now();
    this.#events.push(event);
  }

  #untagged<T>(value: T): T {
    return untaggedJson(value, this.#tag);
  }
}
