import { type Awaitable, type Invocation, labelled, type Program, type Request, type Step } from "./program.ts";

/** how many smaller programs are tried */
const TRIES = 80;

/**
 * The smallest program that still fails, by leaving out and simplifying one thing at a time.
 * @param fails runs it; a real server may need more than one try to show it again
 */
export async function shrink(program: Program, fails: (smaller: Program) => Promise<boolean>): Promise<Program> {
  let smallest = program;
  let tries = 0;
  const seen = new Set<string>([JSON.stringify(program)]);
  for (let found = true; found; ) {
    found = false;
    for (const candidate of smaller(smallest)) {
      const text = JSON.stringify(candidate);
      if (seen.has(text)) continue;
      seen.add(text);
      if (tries++ >= TRIES) return smallest;
      if (!(await fails(candidate))) continue;
      smallest = candidate;
      found = true;
      break;
    }
  }
  return smallest;
}

/** Programs that are smaller by one thing, the largest things first. */
export function* smaller(program: Program): Generator<Program> {
  for (const one of candidates(program)) yield labelled(one);
}

function* candidates(program: Program): Generator<Program> {
  const { fault, ...plain } = program;
  if (program.requests.length > 1) for (const requests of without(program.requests)) yield { ...program, requests };
  if (fault) yield plain;
  for (const requests of each(program.requests, smallerRequests)) yield { ...program, requests };
  if (program.variant !== "") yield { ...program, variant: "" };
}

function* smallerRequests(request: Request): Generator<Request> {
  for (const one of smallerInvocations(request)) yield { ...request, ...one };
  const { delayMs, waits, once, ...plain } = request;
  if (delayMs !== undefined) yield { ...plain, ...(waits && { waits }), ...(once !== undefined && { once }) };
  if (waits) yield { ...plain, ...(delayMs !== undefined && { delayMs }), ...(once !== undefined && { once }) };
  if (once !== undefined) yield { ...plain, ...(waits && { waits }), ...(delayMs !== undefined && { delayMs }) };
}

function* smallerInvocations(invocation: Invocation): Generator<Invocation> {
  for (const steps of smallerSteps(invocation.steps)) yield { ...invocation, steps };
}

function* smallerSteps(steps: Step[]): Generator<Step[]> {
  yield* without(steps);
  // what is tried, without the attempt
  for (const [i, step] of steps.entries()) if (step.do === "try") yield steps.toSpliced(i, 1, ...step.steps);
  yield* each(steps, smallerStep);
}

function* smallerStep(step: Step): Generator<Step> {
  if (step.do === "try") {
    for (const steps of smallerSteps(step.steps)) yield { ...step, steps };
    for (const otherwise of smallerSteps(step.otherwise)) yield { ...step, otherwise };
  } else if (step.do === "send") {
    for (const invocation of smallerInvocations(step.invocation)) yield { ...step, invocation };
    if (step.delayMs !== undefined) yield { do: "send", invocation: step.invocation };
  } else if ("what" in step) {
    for (const what of smallerAwaitable(step.what)) yield { ...step, what };
  } else if ("of" in step) {
    for (const what of step.of) yield { do: "await", what };
    for (const of of each(step.of, smallerAwaitable)) yield { ...step, of };
  }
}

function* smallerAwaitable(what: Awaitable): Generator<Awaitable> {
  if (what.begin === "call")
    for (const invocation of smallerInvocations(what.invocation)) yield { ...what, invocation };
}

function* without<T>(all: readonly T[]): Generator<T[]> {
  for (const i of all.keys()) yield all.toSpliced(i, 1);
}

/** The list with one of its items made smaller. */
function* each<T>(all: readonly T[], smallerOnes: (one: T) => Iterable<T>): Generator<T[]> {
  for (const [i, one] of all.entries()) for (const candidate of smallerOnes(one)) yield all.with(i, candidate);
}
