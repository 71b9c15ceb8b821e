import * as restate from "@restatedev/restate-sdk";
import { errorAsValue } from "../error-as-value.ts";
import { callExternal } from "../external.ts";
import type { Awaitable, Completion, Invocation, Step, Target, Variant } from "./program.ts";

const { RestatePromise, TerminalError, InvocationIdParser } = restate;

/** What a handler that interprets a program is given. */
export interface Input {
  /** the client of whom all keys and names are */
  client: string;
  label: string;
  steps: Step[];
  /** the id of the invocation that has made this one */
  caller?: string;
  /** what it completes first: an awakeable, or a signal of an invocation */
  completes?: { awakeable: string; rejected: boolean } | { invocation: string; signal: string; rejected: boolean };
}

/** What the context of a handler offers, which depends on the kind of its service. */
export interface Contexts {
  base: restate.Context;
  /** reads state */
  shared?: restate.ObjectSharedContext;
  /** writes state */
  exclusive?: restate.ObjectContext;
  workflow?: restate.WorkflowSharedContext;
}

/** The service and handler of a target, and its key for a client. */
export function handlerOf(
  to: Target,
  variant: Variant,
  client: string,
): { service: string; method: string; key?: string } {
  switch (to.kind) {
    case "service":
      return { service: `programService${variant}`, method: "run" };
    case "object":
    case "objectShared":
      return {
        service: `programObject${variant}`,
        method: to.kind === "object" ? "run" : "shared",
        key: client + to.key,
      };
    case "workflow":
    case "workflowShared":
      return {
        service: `programWorkflow${variant}`,
        method: to.kind === "workflow" ? "run" : "shared",
        key: client + to.key,
      };
  }
}

const SIGNAL = "signal";

/** Begun, and not awaited: a promise of the SDK that is answered by a function that is awaited would be awaited too. */
interface Begun {
  promise: restate.RestatePromise<unknown>;
}

/** Takes the steps of one invocation; what came of each is its result. */
export class Interpreter {
  readonly #contexts: Contexts;
  readonly #input: Input;
  readonly #variant: Variant;
  readonly #results: unknown[] = [];
  readonly #begun: Begun[] = [];
  /** calls and sends, in the order in which they were made */
  readonly #made: restate.InvocationHandle[] = [];
  #helpers = 0;

  constructor(contexts: Contexts, input: Input, variant: Variant) {
    this.#contexts = contexts;
    this.#input = input;
    this.#variant = variant;
  }

  /** @throws a TerminalError that no step has caught */
  async run(): Promise<unknown[]> {
    const { completes, steps } = this.#input;
    if (completes) this.#complete(completes);
    try {
      await this.#take(steps);
    } catch (error) {
      // what `any` throws is not terminal: it would be tried again for ever
      throw error instanceof AggregateError ? new TerminalError("all have failed") : error;
    }
    return this.#results;
  }

  async #take(steps: readonly Step[]): Promise<void> {
    for (const step of steps) this.#results.push([step.do, (await this.#step(step)) ?? null]);
  }

  async #step(step: Step): Promise<unknown> {
    const { base, shared, exclusive, workflow } = this.#contexts;
    const { client, label } = this.#input;
    switch (step.do) {
      case "get":
        return shared?.get(step.name);
      case "set":
        return exclusive?.set(step.name, step.value);
      case "clear":
        return exclusive?.clear(step.name);
      case "clearAll":
        return exclusive?.clearAll();
      case "stateKeys":
        return shared?.stateKeys();
      case "random":
        return typeof base.rand.uuidv4();
      case "date":
        return typeof (await base.date.now());
      case "begin":
        this.#begun.push(await this.#begin(step.what));
        return undefined;
      case "awaitBegun":
        return this.#begun.pop()?.promise;
      case "await":
        return (await this.#begin(step.what)).promise;
      case "all":
        return RestatePromise.all(await this.#beginAll(step.of));
      case "race":
        return RestatePromise.race(await this.#beginAll(step.of));
      case "any":
        return RestatePromise.any(await this.#beginAll(step.of));
      case "allSettled":
        return (await RestatePromise.allSettled(await this.#beginAll(step.of))).map((one) =>
          one.status === "fulfilled" ? one.value : errorAsValue(one.reason),
        );
      case "send":
        this.#made.push(base.genericSend({ ...this.#request(step.invocation), delay: step.delayMs ?? 0 }));
        return undefined;
      case "cancel":
        return this.#cancel(step.whom);
      case "completeNothing":
        return base.resolveAwakeable("no awakeable", 1);
      case "signalNothing":
        return base.invocation(InvocationIdParser.fromString("no invocation")).signal(SIGNAL).resolve(1);
      case "resolvePromise":
        return valueOrError(async () => workflow?.promise(step.name).resolve(label));
      case "rejectPromise":
        return valueOrError(async () => workflow?.promise(step.name).reject(label));
      case "peekPromise":
        return valueOrError(async () => workflow?.promise(step.name).peek());
      case "try":
        return this.#try(step.steps, step.otherwise);
      case "fail":
        throw new TerminalError(`${client}${label} fails`, { errorCode: step.code });
    }
  }

  async #try(steps: readonly Step[], otherwise: readonly Step[]): Promise<unknown> {
    try {
      await this.#take(steps);
      return undefined;
    } catch (error) {
      if (!isFinal(error)) throw error;
      await this.#take(otherwise);
      return errorAsValue(error);
    }
  }

  async #beginAll(all: readonly Awaitable[]): Promise<restate.RestatePromise<unknown>[]> {
    const begun: restate.RestatePromise<unknown>[] = [];
    for (const one of all) begun.push((await this.#begin(one)).promise);
    return begun;
  }

  async #begin(what: Awaitable): Promise<Begun> {
    const { promise } = await this.#beginWithoutTimeout(what);
    return { promise: what.timeoutMs === undefined ? promise : promise.orTimeout(what.timeoutMs) };
  }

  async #beginWithoutTimeout(what: Awaitable): Promise<Begun> {
    const { base, workflow } = this.#contexts;
    switch (what.begin) {
      case "sleep":
        return { promise: base.sleep(what.ms) };
      case "run":
        return { promise: this.#external(what) };
      case "call": {
        const call = base.genericCall<unknown, unknown>(this.#request(what.invocation));
        this.#made.push(call);
        return { promise: call };
      }
      case "attach": {
        const made = this.#madeBefore(what.back);
        return { promise: made ? base.invocation(await made.invocationId).attach() : base.sleep(1) };
      }
      case "awakeable": {
        const { id, promise } = base.awakeable<unknown>();
        const rejected = what.completion.rejected === true;
        await this.#arrange(what.completion, { awakeable: id, rejected });
        return { promise };
      }
      case "signal": {
        const promise = base.signal<unknown>(what.name);
        const rejected = what.completion.rejected === true;
        await this.#arrange(what.completion, { invocation: base.request().id, signal: what.name, rejected });
        return { promise };
      }
      case "promise":
        return { promise: workflow ? workflow.promise<unknown>(what.name).get() : base.sleep(1) };
    }
  }

  /** A call to the external system, as a step. */
  #external(what: Extract<Awaitable, { begin: "run" }>): restate.RestatePromise<unknown> {
    const { client, label } = this.#input;
    const name = `${client}${label}/${what.name}`;
    const options = {
      initialRetryInterval: 3,
      retryIntervalFactor: 1,
      ...(what.maxAttempts !== undefined && { maxRetryAttempts: what.maxAttempts }),
    };
    const action = async () => {
      const value = await callExternal(name, what.name, what.failures);
      if (what.terminal) throw new TerminalError(`${name} fails`, { errorCode: 418 });
      return value;
    };
    return this.#contexts.base.run(what.name, action, options);
  }

  /** Sees to it that something is completed. */
  async #arrange({ by }: Completion, completes: NonNullable<Input["completes"]>): Promise<void> {
    const { base } = this.#contexts;
    const { client, label } = this.#input;
    if (by === "self") this.#complete(completes);
    if (by === "child") {
      const helper = { label: `${label}/helper${this.#helpers++}`, to: { kind: "service" }, steps: [] } as const;
      base.genericSend(this.#request({ ...helper, steps: [...helper.steps] }, completes));
    }
    // the client can complete an awakeable, and is told through the external system
    if (by === "client" && "awakeable" in completes)
      await base.run("publish", () => callExternal(`${client}publish`, completes));
  }

  #complete(completes: NonNullable<Input["completes"]>): void {
    const { base } = this.#contexts;
    const { label } = this.#input;
    const reason = `rejected by ${label}`;
    if ("awakeable" in completes) {
      if (completes.rejected) base.rejectAwakeable(completes.awakeable, reason);
      else base.resolveAwakeable(completes.awakeable, label);
      return;
    }
    const signal = base.invocation(InvocationIdParser.fromString(completes.invocation)).signal(completes.signal);
    if (completes.rejected) signal.reject(reason);
    else signal.resolve(label);
  }

  async #cancel(whom: number | "self" | "caller" | "none"): Promise<void> {
    const { base } = this.#contexts;
    const { caller } = this.#input;
    if (whom === "none") return base.invocation(InvocationIdParser.fromString("no invocation")).cancel();
    if (whom === "self") return base.invocation(base.request().id).cancel();
    if (whom === "caller")
      return caller === undefined ? undefined : base.invocation(InvocationIdParser.fromString(caller)).cancel();
    const made = this.#madeBefore(whom);
    if (made) base.invocation(await made.invocationId).cancel();
  }

  #madeBefore(back: number): restate.InvocationHandle | undefined {
    return this.#made.length === 0 ? undefined : this.#made.at(-1 - (back % this.#made.length));
  }

  #request(
    { label, to, steps, once }: Invocation,
    completes?: Input["completes"],
  ): restate.GenericCall<unknown, unknown> {
    const { client } = this.#input;
    const caller: string = this.#contexts.base.request().id;
    const input: Input = { client, label, steps, caller, ...(completes && { completes }) };
    return {
      ...handlerOf(to, this.#variant, client),
      parameter: input,
      inputSerde: json,
      outputSerde: json,
      ...(once !== undefined && { idempotencyKey: client + once }),
    };
  }
}

const json: restate.Serde<unknown> = {
  contentType: "application/json",
  serialize: (value) => restate.serde.json.serialize(value),
  deserialize: (data): unknown => restate.serde.json.deserialize(data),
};

/** Errors that end an invocation; all others the SDK must see, they end the attempt. */
const isFinal = (error: unknown): boolean => error instanceof TerminalError || error instanceof AggregateError;

async function valueOrError(action: () => Promise<unknown>): Promise<unknown> {
  try {
    return await action();
  } catch (error) {
    if (!isFinal(error)) throw error;
    return errorAsValue(error);
  }
}
