/**
 * A program: what clients ask for, and what the handlers do then. It is plain JSON, so that it needs no generator to be
 * run again; handlers that interpret it are in `interpreter.ts`.
 */
export interface Program {
  variant: Variant;
  requests: Request[];
  fault?: ProgramFault;
}

/** What is added to the names of the test services: as they are, suspending at every await, or with lazy state. */
export type Variant = "" | "Suspending" | "Lazy";

/** An invocation, and the steps that its handler takes. */
export interface Invocation {
  /** unique in the program: "0", and "0.2" for what it calls or sends */
  label: string;
  to: Target;
  steps: Step[];
  /** the idempotency key, of a few */
  once?: string;
}

export type Target =
  | { kind: "service" }
  /** exclusive or shared handlers of a virtual object, or of a workflow; exclusive there means its run */
  | { kind: "object" | "objectShared" | "workflow" | "workflowShared"; key: string };

/** An invocation that a client makes. */
export interface Request extends Invocation {
  mode: "call" | "send";
  /** of a send */
  delayMs?: number;
  /** made only when all requests before it are answered */
  waits?: boolean;
}

/** How a promise is completed. */
export interface Completion {
  /** the handler itself, an invocation that it sends, a client, or nobody */
  by: "self" | "child" | "client" | "nobody";
  rejected?: boolean;
}

/** What can be begun, and awaited later, or combined. */
export type Awaitable = (
  | { begin: "sleep"; ms: number }
  /** a call to the external system; it fails so many times before it succeeds, or terminally */
  | { begin: "run"; name: string; failures?: number; terminal?: boolean; maxAttempts?: number }
  | { begin: "call"; invocation: Invocation }
  /** waits for the result of a call or a send that was made before, counted from the last one */
  | { begin: "attach"; back: number }
  | { begin: "awakeable"; completion: Completion }
  | { begin: "signal"; name: string; completion: Completion }
  | { begin: "promise"; name: string }
) & { timeoutMs?: number };

export type Combinator = "all" | "race" | "any" | "allSettled";

export type Step =
  | { do: "get"; name: string }
  | { do: "set"; name: string; value: unknown }
  | { do: "clear"; name: string }
  | { do: "clearAll" }
  | { do: "stateKeys" }
  | { do: "random" }
  | { do: "date" }
  | { do: "begin"; what: Awaitable }
  /** awaits what was begun last and has not been awaited; nothing when there is none */
  | { do: "awaitBegun" }
  | { do: "await"; what: Awaitable }
  | { do: Combinator; of: Awaitable[] }
  | { do: "send"; invocation: Invocation; delayMs?: number }
  /** a call or a send that was made before, counted from the last one; or itself, its caller, or an id that is none */
  | { do: "cancel"; whom: number | "self" | "caller" | "none" }
  | { do: "completeNothing" }
  | { do: "signalNothing" }
  | { do: "resolvePromise" | "rejectPromise" | "peekPromise"; name: string }
  | { do: "try"; steps: Step[]; otherwise: Step[] }
  | { do: "fail"; code: number };

export type FaultKind = "cut-stream" | "cut-session" | "kill-endpoint" | "cancel" | "kill";

/** A fault at a crash point: the n-th of all that a run of the program without it has in the model, in its order. */
export interface ProgramFault {
  kind: FaultKind;
  at: number;
}

/** The kinds of faults that are felt by everybody on a stack. */
export const isFeltByAll = ({ fault }: Program): boolean =>
  fault?.kind === "cut-session" || fault?.kind === "kill-endpoint";

/** Every invocation of a program, those that invocations make included. */
export function* invocationsOf(steps: readonly Step[]): Generator<Invocation> {
  for (const step of allSteps(steps)) {
    if (step.do === "send") yield step.invocation;
    for (const what of awaitablesOf(step)) if (what.begin === "call") yield what.invocation;
  }
}

/** The steps, and those within them; not those of other invocations. */
export function* allSteps(steps: readonly Step[]): Generator<Step> {
  for (const step of steps) {
    yield step;
    if (step.do === "try") {
      yield* allSteps(step.steps);
      yield* allSteps(step.otherwise);
    }
  }
}

export function awaitablesOf(step: Step): Awaitable[] {
  if ("what" in step) return [step.what];
  return "of" in step ? step.of : [];
}

/** The same program with its invocations labelled by where they are. */
export function labelled(program: Program): Program {
  return { ...program, requests: program.requests.map((request, i) => ({ ...request, ...relabel(request, `${i}`) })) };
}

function relabel(invocation: Invocation, label: string): Invocation {
  let children = 0;
  const child = (one: Invocation): Invocation => relabel(one, `${label}.${children++}`);
  const awaitable = (what: Awaitable): Awaitable =>
    what.begin === "call" ? { ...what, invocation: child(what.invocation) } : what;
  const step = (one: Step): Step => {
    if (one.do === "send") return { ...one, invocation: child(one.invocation) };
    if (one.do === "try") return { ...one, steps: one.steps.map(step), otherwise: one.otherwise.map(step) };
    if ("what" in one) return { ...one, what: awaitable(one.what) };
    return "of" in one ? { ...one, of: one.of.map(awaitable) } : one;
  };
  return { ...invocation, label, steps: invocation.steps.map(step) };
}
