import type { SimulatedStack } from "../simulated/index.ts";
import type { Injected, Stack } from "../stack.ts";
import { Guest } from "./guest.ts";
import { normal, type Place, type RecordedAttempt, Recorder, type Strike } from "./recorder.ts";
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
  const healed: Promise<void>[] = [];
  const heal = async (injected: Promise<Injected>) => (await injected).heal();
  const watch = recorder.watch(name, (injection) => healed.push(heal(stack.inject(injection))), place, strike);
  const guest = new Guest(stack, kitchen, name);
  let answer: unknown;
  try {
    answer = await script(guest);
  } catch (error) {
    answer = `thrown: ${(error as Error).message}`;
  }
  await Promise.all(healed);
  await guest.sleep(AFTERMATH);
  const words = (text: string) => text.replaceAll(name, "@").replaceAll(kitchen === "" ? "\0" : kitchen, "");
  return {
    outcome: words(normal([answer, watch.puts.sort()])),
    attempts: watch.attempts.map((one) => words(attemptInWords(one))),
    recorded: watch.attempts,
    struck: watch.struck,
  };
}

/** Without its number: how often something is tried is a matter of time. */
const attemptInWords = ({ target, down, up }: RecordedAttempt): string =>
  `${target}\n    from Restate: ${down.join(" | ")}\n    from the endpoint: ${up.join(" | ")}`;

/** Performs a scene in the model, with a seed. */
export async function simulate(stack: SimulatedStack, scene: Scene, seed: number): Promise<Performance> {
  const recorder = new Recorder();
  stack.guard(recorder);
  return stack.run(() => perform(stack, recorder, "guest-", scene), { seed });
}

/** how many runs of the model may be needed to meet what the real server did */
const SEEDS = 400;

/**
 * Looks for what the real server did among the runs of the model.
 * @param wanted what of the attempts must be found; all when absent
 * @returns the difference in words, or nothing when there is none
 */
export async function difference(
  stack: SimulatedStack,
  scene: Scene,
  real: Performance,
  wanted: (attempt: string) => boolean = () => true,
): Promise<string | undefined> {
  const missing = new Set(real.attempts.filter(wanted));
  const outcomes = new Set<string>();
  const seen = new Set<string>();
  for (let seed = 0; seed < SEEDS; seed++) {
    const { outcome, attempts } = await simulate(stack, scene, seed);
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
