import type { SimulatedStack } from "../simulated/index.ts";
import type { Stack } from "../stack.ts";
import { Guest } from "./guest.ts";
import { type Blow, normal, type Place, type RecordedAttempt, Recorder, type Strike } from "./recorder.ts";
import type { Script } from "./scripts.ts";

/** What is done in which kitchen, and what strikes it where. */
export interface Scene {
  script: Script;
  /** what is added to the names of its services: "", "Suspending" or "Lazy" */
  kitchen: string;
  place?: Place;
  strike?: Strike;
}

/** What came of it: comparable between stacks. */
export interface Performance {
  /** what the guest saw, and what was put on the shelf */
  outcome: string;
  /** every attempt, message by message */
  attempts: string[];
  recorded: RecordedAttempt[];
  struck: boolean;
}

/** how long after its end a script is still watched, in milliseconds of the stack's clock */
const AFTERMATH = 40;

/** Performs a scene, for a guest of its own. */
export async function perform(stack: Stack, recorder: Recorder, name: string, scene: Scene): Promise<Performance> {
  const { script, kitchen, place, strike } = scene;
  const meetsRestarts = strike !== undefined && "inject" in strike && strike.inject.kind === "kill-server";
  const guest = new Guest(stack, kitchen, name, meetsRestarts);
  const healed: Promise<void>[] = [];
  const ended: unknown[] = [];
  const blow: Blow = async (strike, invocation) => {
    if ("inject" in strike) healed.push((await stack.inject(strike.inject)).heal());
    else
      ended.push(await guest.end(strike.end, strike.whose === undefined ? invocation : await guest.sent(strike.whose)));
  };
  const watch = recorder.watch(name, blow, place, strike);
  const answer = await orThrown(script(guest));
  await Promise.all(healed);
  const isEnded = strike && "end" in strike;
  // an ended one may have made others, of which the guest knows nothing
  if (isEnded) ended.push(await orThrown(outputs(guest, watch.attempts)));
  await guest.sleep(AFTERMATH);
  const words = (text: string) => text.replaceAll(name, "@").replaceAll(kitchen === "" ? "\0" : kitchen, "");
  const puts = watch.puts.sort();
  return {
    // how often an effect is repeated when something breaks depends on when exactly the blow falls
    outcome: words(normal([answer, ended, strike && !isEnded ? [...new Set(puts)] : puts])),
    attempts: watch.attempts.map((one) => words(attemptInWords(one))),
    recorded: watch.attempts,
    struck: watch.struck,
  };
}

/** The outputs of all invocations that were attempted, in an order that is the same whenever they are. */
async function outputs(guest: Guest, attempts: RecordedAttempt[]): Promise<string[]> {
  await guest.quiet();
  const targets = new Map(attempts.map(({ invocation, target }) => [invocation, target]));
  const asked = [...targets].map(async ([id, target]) => normal([target, await guest.output(id)]));
  return (await Promise.all(asked)).sort();
}

/** What came of it, whether it is a value or an error. */
const orThrown = (promise: Promise<unknown>): Promise<unknown> =>
  promise.catch((error: Error) => `thrown: ${error.message}`);

/** Without its number: how often something is tried is a matter of time. */
const attemptInWords = ({ target, down, up }: RecordedAttempt): string =>
  `${target}\n    from Restate: ${down.join(" | ")}\n    from the endpoint: ${up.join(" | ")}`;

/** as the native stack configures its server */
const RETRY = { initialInterval: 1, factor: 1, maxInterval: 10 };

/** Performs a scene in the model, with a seed. */
export async function simulate(stack: SimulatedStack, scene: Scene, seed: number): Promise<Performance> {
  const recorder = new Recorder();
  stack.guard(recorder);
  return stack.run(() => perform(stack, recorder, "guest-", scene), { seed, retry: RETRY });
}

/** how many runs of the model may be needed to meet what the real server did */
const SEEDS = 1000;

/**
 * The scenes of the model that a scene of the real server may turn into. A stream that breaks, and a server that dies, take
 * with them what the server has not yet read from its socket: then the blow fell, in effect, some messages earlier.
 * An invocation that is ended is no different: what it had just sent may be applied later than the request that ends it.
 * And what Restate had sent to an attempt before it killed it may still arrive: the blow fell, in effect, a little later.
 */
function* readings(scene: Scene): Generator<Scene> {
  yield scene;
  const { place, strike } = scene;
  if (place?.direction === "to-endpoint" && strike && "end" in strike && strike.end === "kill")
    for (let index = place.index; index < place.index + 3; index++)
      yield { ...scene, place: { ...place, when: "after", index } };
  if (place?.direction !== "to-server") return;
  const last = place.when === "after" ? place.index : place.index - 1;
  for (let index = last; index > 0; index--) yield { ...scene, place: { ...place, when: "before", index } };
}

/**
 * Looks for what the real server did among the runs of the model.
 * @returns the difference in words, or nothing when there is none
 */
export async function difference(stack: SimulatedStack, scene: Scene, real: Performance): Promise<string | undefined> {
  const missing = new Set(real.attempts);
  const outcomes = new Set<string>();
  const seen = new Set<string>();
  const scenes = [...readings(scene)];
  for (let seed = 0; seed < SEEDS; seed++) {
    // mostly as it is
    const reading = scenes[seed % 2 === 0 ? 0 : (seed >> 1) % scenes.length]!;
    const { outcome, attempts } = await simulate(stack, reading, seed);
    outcomes.add(outcome);
    for (const attempt of attempts) {
      seen.add(attempt);
      missing.delete(attempt);
    }
    if (outcomes.has(real.outcome) && missing.size === 0) return undefined;
  }
  if (!outcomes.has(real.outcome)) {
    return `real outcome:\n  ${real.outcome}\noutcomes of the model:\n  ${[...outcomes].slice(0, 5).join("\n  ")}`;
  }
  const [first] = missing;
  const title = first!.slice(0, first!.indexOf("\n"));
  const alike = [...seen].filter((one) => one.startsWith(`${title}\n`)).slice(0, 3);
  return `real attempt:\n  ${first}\nof the model:\n  ${alike.join("\n  ") || "none of that target"}`;
}
