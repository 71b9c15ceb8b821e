import { allSteps, awaitablesOf, type Completion, type Invocation, invocationsOf, type Program } from "./program.ts";

/** How often each feature of programs met each kind of fault, or none. */
export class Coverage {
  readonly #counts = new Map<string, Map<string, number>>();

  /** @param fault the kind of the fault that struck; nothing when none did */
  add(program: Program, fault: string | undefined): void {
    for (const feature of new Set(featuresOf(program))) {
      const row = this.#counts.get(feature) ?? new Map<string, number>();
      this.#counts.set(feature, row);
      const column = fault ?? "no fault";
      row.set(column, (row.get(column) ?? 0) + 1);
    }
  }

  /** A line for each feature, with a count for each fault; features and faults in the order of their names. */
  get table(): string[][] {
    const faults = [...new Set([...this.#counts.values()].flatMap((row) => [...row.keys()]))].sort();
    const rows = [...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1));
    return [["", ...faults], ...rows.map(([name, row]) => [name, ...faults.map((fault) => `${row.get(fault) ?? 0}`)])];
  }
}

function* featuresOf({ variant, requests }: Program): Generator<string> {
  if (variant !== "") yield `variant ${variant}`;
  for (const request of requests) {
    yield `a client's ${request.delayMs === undefined ? "" : "delayed "}${request.mode}`;
    yield* featuresOfInvocation(request);
  }
}

function* featuresOfInvocation({ to, once, steps }: Invocation): Generator<string> {
  yield `handler ${to.kind}`;
  if (once !== undefined) yield "idempotency key";
  for (const step of allSteps(steps)) {
    if (step.do === "send" && step.delayMs !== undefined) yield "delayed send";
    yield step.do === "cancel" && typeof step.whom === "string" ? `cancel ${step.whom}` : step.do;
    for (const what of awaitablesOf(step)) {
      if (what.timeoutMs !== undefined) yield "orTimeout";
      yield what.begin;
      if ("completion" in what) yield `${what.begin} ${howCompleted(what.completion)}`;
      if (what.begin === "run" && what.terminal) yield "run, terminal error";
      if (what.begin === "run" && what.failures !== undefined) yield "run, retried";
    }
  }
  for (const invocation of invocationsOf(steps)) yield* featuresOfInvocation(invocation);
}

const howCompleted = ({ by, rejected }: Completion): string =>
  by === "nobody" ? "completed by nobody" : `${rejected ? "rejected" : "resolved"} by ${by}`;
