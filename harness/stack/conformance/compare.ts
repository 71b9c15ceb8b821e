import type { SimulatedStack } from "../simulated/index.ts";
import { Latencies } from "../simulated/strategy.ts";
import type { Stack } from "../stack.ts";
import { Guide, type Passed } from "./guide.ts";
import { type CrashPoint, type Fault, type Inject, normal, type RecordedAttempt, Recorder } from "./recorder.ts";
import type { Script } from "./scripts.ts";
import { TestClient } from "./test-client.ts";

/** What is done in which variant of the test services, and which fault is injected where. */
export interface Scenario {
  script: Script;
  /** what is added to the names of its services: "", "Suspending" or "Lazy" */
  variant: string;
  crashPoint?: CrashPoint;
  fault?: Fault;
}

/** What came of it: comparable between stacks. */
export interface Execution {
  /** what the client saw, and what was put into the external system */
  outcome: string;
  /** every attempt, message by message */
  attempts: string[];
  recorded: RecordedAttempt[];
  /** all messages, in the order in which they passed */
  order: Passed[];
  injected: boolean;
}

/** how long after its end a script is still watched, in milliseconds of the stack's clock */
const AFTERMATH = 40;

/** Executes a scenario, for a client of its own. */
export async function execute(stack: Stack, recorder: Recorder, name: string, scenario: Scenario): Promise<Execution> {
  const { script, variant, crashPoint, fault } = scenario;
  const meetsRestarts = fault !== undefined && "inject" in fault && fault.inject.kind === "kill-server";
  const client = new TestClient(stack, variant, name, meetsRestarts);
  const healed: Promise<void>[] = [];
  const ended: unknown[] = [];
  const inject: Inject = async (fault, invocation) => {
    if ("inject" in fault) healed.push((await stack.inject(fault.inject)).heal());
    else
      ended.push(await client.end(fault.end, fault.whose === undefined ? invocation : await client.sent(fault.whose)));
  };
  const watch = recorder.watch(name, inject, crashPoint, fault);
  const answer = await orThrown(script(client, watch));
  await Promise.all(healed);
  const isEnded = fault && "end" in fault;
  // an ended one may have made others, of which the client knows nothing
  if (isEnded) ended.push(await orThrown(outputs(client, watch.attempts)));
  await client.sleep(AFTERMATH);
  const anonymous = (text: string) => text.replaceAll(name, "@").replaceAll(variant === "" ? "\0" : variant, "");
  const puts = watch.puts.sort();
  return {
    // how often an effect is repeated when something breaks depends on when exactly the fault strikes
    outcome: anonymous(normal([answer, ended, watch.injected && !isEnded ? [...new Set(puts)] : puts])),
    attempts: watch.attempts.map((one) => anonymous(formatAttempt(one))),
    recorded: watch.attempts,
    order: watch.order,
    injected: watch.injected,
  };
}

/** The outputs of all invocations that were attempted, in an order that is the same whenever they are. */
async function outputs(client: TestClient, attempts: RecordedAttempt[]): Promise<string[]> {
  await client.quiet();
  const targets = new Map(attempts.map(({ invocation, target }) => [invocation, target]));
  const asked = [...targets].map(async ([id, target]) => normal([target, await client.output(id)]));
  return (await Promise.all(asked)).sort();
}

/** What came of it, whether it is a value or an error. */
const orThrown = (promise: Promise<unknown>): Promise<unknown> =>
  promise.catch((error: Error) => `thrown: ${error.message}`);

/** Without its number: how often something is tried is a matter of time. */
const formatAttempt = ({ target, down, up }: RecordedAttempt): string =>
  `${target}\n    from Restate: ${down.join(" | ")}\n    from the endpoint: ${up.join(" | ")}`;

/** as the native stack configures its server; and as if it were busy, which costs less where an attempt fails for ever */
const RETRY = { initialInterval: 1, factor: 1, maxInterval: 10 };
const SLOW_RETRY = { ...RETRY, initialInterval: 10 };

/**
 * Executes a scenario in the model, with a seed.
 * @param order what passed on the real server, to be followed as far as the model can
 */
export async function simulate(
  stack: SimulatedStack,
  scenario: Scenario,
  seed: number,
  order?: readonly Passed[],
): Promise<Execution> {
  const recorder = new Recorder(order && new Guide(stack.clock, order));
  const retry = order === undefined || seed % 8 === 0 ? RETRY : SLOW_RETRY;
  // what is led must not be slower than what leads it
  const strategy = order && new Latencies(seed, "quick", (u) => u / 20);
  const main = () => {
    // here: other runs may be waiting for their turn
    stack.guard(recorder);
    return execute(stack, recorder, "client-", scenario);
  };
  return stack.run(main, { seed, retry, ...(strategy && { strategy }) });
}

/** so many runs are led by what passed on the real server, then as many are left to themselves; and so on */
const TURN = 64;

/**
 * The scenarios of the model that a scenario of the real server may turn into. A stream that breaks, and a server that dies, take
 * with them what the server has not yet read from its socket: then the fault struck, in effect, some messages earlier.
 * An invocation that is ended is no different: what it had just sent may be applied later than the request that ends it.
 * And what Restate had sent to an attempt before it killed it may still arrive: the fault struck, in effect, a little later.
 */
function* readings(scenario: Scenario): Generator<Scenario> {
  yield scenario;
  const { crashPoint, fault } = scenario;
  if (crashPoint?.direction === "to-endpoint" && fault && "end" in fault && fault.end === "kill")
    for (let index = crashPoint.index; index < crashPoint.index + 3; index++)
      yield { ...scenario, crashPoint: { ...crashPoint, when: "after", index } };
  if (crashPoint?.direction !== "to-server") return;
  const last = crashPoint.when === "after" ? crashPoint.index : crashPoint.index - 1;
  for (let index = last; index > 0; index--)
    yield { ...scenario, crashPoint: { ...crashPoint, when: "before", index } };
}

/** One of the runs of the model that are looked at for what the real server did in a scenario. */
export function runOfModel(
  stack: SimulatedStack,
  scenario: Scenario,
  real: Execution,
  seed: number,
): Promise<Execution> {
  const scenarios = [...readings(scenario)];
  // mostly as it is
  const reading = scenarios[seed % 2 === 0 ? 0 : (seed >> 1) % scenarios.length] ?? scenario;
  const isLed = Math.floor(seed / TURN) % 2 === 0;
  return simulate(stack, reading, seed, isLed ? real.order : undefined);
}
