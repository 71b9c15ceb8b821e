import { existsSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { type Mutant, patched, projectRoot } from "../stack/index.ts";
import { misspelling } from "./misspelling.ts";
import { readSavedPlan, type SavedPlan } from "./saved-plan.ts";

/** What the environment asks of a run. */
export interface Settings {
  seed: number;
  /** cases per property and stack */
  runs?: number;
  /** milliseconds per property and stack */
  budget: number;
  stacks: StackName[];
  /** a saved plan to replay, instead of a storm */
  replay?: SavedPlan & { file: string };
  /** module of another implementation */
  subject?: string;
  /** planted bugs */
  mutants: Mutant[];
  /** the variables that say which services are tested, SUBJECT and MUTANTS, as they were given */
  services: Partial<Record<"SUBJECT" | "MUTANTS", string>>;
  /** the names of the invariants that alone are judged; all when absent */
  only?: string[];
  /** the names of invariants that are not judged */
  skip?: string[];
  /** nothing narrows the run down: then a kind of fault that was never injected fails it */
  full: boolean;
}

export const stackNames = ["simulated", "native"] as const;
export type StackName = (typeof stackNames)[number];

export const DEFAULT_BUDGET_MS = 20_000;

/** The environment does not make sense: the message names the variable, its value, and what would. */
export class SettingsError extends Error {
  override name = "SettingsError";
}

/**
 * Reads SEED, RUNS, BUDGET, STACK, REPLAY, SUBJECT, MUTANTS, ONLY and SKIP, and refuses what looks like one of these misspelt.
 * @param seed where the seed comes from when none is given, in [0, 1)
 * @throws SettingsError
 */
export function readSettings(env: Record<string, string | undefined>, seed: () => number): Settings {
  const odd = misspelling(Object.keys(env).filter((name) => env[name] !== undefined));
  if (odd) throw new SettingsError(`${odd.name}=${env[odd.name]}: there is no such variable; is ${odd.meant} meant?`);
  const runs = env.RUNS === undefined ? undefined : whole("RUNS", env.RUNS, 1, 10_000_000);
  const subject = env.SUBJECT === undefined ? undefined : existing("SUBJECT", env.SUBJECT);
  return {
    seed: env.SEED === undefined ? Math.floor(seed() * 2 ** 31) : whole("SEED", env.SEED, 0, 2 ** 31 - 1),
    ...(runs !== undefined && { runs }),
    budget: env.BUDGET === undefined ? DEFAULT_BUDGET_MS : duration("BUDGET", env.BUDGET),
    stacks: env.STACK === undefined ? [...stackNames] : stacks(env.STACK),
    ...(env.REPLAY !== undefined && { replay: savedPlan(env.REPLAY) }),
    ...(subject !== undefined && { subject }),
    mutants: env.MUTANTS === undefined ? [] : mutants(env.MUTANTS),
    ...(env.ONLY !== undefined && { only: invariants("ONLY", env.ONLY) }),
    ...(env.SKIP !== undefined && { skip: invariants("SKIP", env.SKIP) }),
    services: {
      ...(env.SUBJECT !== undefined && { SUBJECT: env.SUBJECT }),
      ...(env.MUTANTS !== undefined && { MUTANTS: env.MUTANTS }),
    },
    full: env.RUNS === undefined && env.REPLAY === undefined && env.SUBJECT === undefined && env.MUTANTS === undefined,
  };
}

function whole(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most)
    throw new SettingsError(`${name}=${text}: must be a whole number from ${least} to ${most}`);
  return value;
}

function duration(name: string, text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text);
  const milliseconds = match
    ? Number(match[1]) * { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[match[2] as "ms" | "s" | "m" | "h"]
    : 0;
  if (milliseconds < 1)
    throw new SettingsError(
      `${name}=${text}: must be a duration above zero with its unit, such as 500ms, 20s, 5m or 1h`,
    );
  return milliseconds;
}

function stacks(text: string): StackName[] {
  const names = text.split(",").map((name) => name.trim());
  for (const name of names)
    if (!(stackNames as readonly string[]).includes(name))
      throw new SettingsError(
        `STACK=${text}: there is no stack "${name}"; there are ${stackNames.join(", ")} (several are separated by commas)`,
      );
  return [...new Set(names)] as StackName[];
}

function invariants(name: string, text: string): string[] {
  const names = text.split(",").map((one) => one.trim());
  if (names.includes(""))
    throw new SettingsError(`${name}=${text}: must be names of invariants (several are separated by commas)`);
  return [...new Set(names)];
}

function existing(name: string, file: string): string {
  const absolute = path.resolve(file);
  if (!existsSync(absolute)) throw new SettingsError(`${name}=${file}: there is no such file (looked for ${absolute})`);
  return absolute;
}

function json(name: string, file: string): unknown {
  const absolute = existing(name, file);
  if (!statSync(absolute).isFile()) throw new SettingsError(`${name}=${file}: is no file`);
  try {
    return JSON.parse(readFileSync(absolute, "utf8"));
  } catch (error) {
    throw new SettingsError(`${name}=${file}: is not JSON: ${(error as Error).message}`);
  }
}

function savedPlan(file: string): SavedPlan & { file: string } {
  const saved = json("REPLAY", file);
  try {
    return { ...readSavedPlan(saved), file };
  } catch (error) {
    throw new SettingsError(`REPLAY=${file}: is not a saved plan: ${(error as Error).message}`);
  }
}

function mutants(file: string): Mutant[] {
  const list = json("MUTANTS", file);
  if (!Array.isArray(list) || list.length === 0)
    throw new SettingsError(`MUTANTS=${file}: must hold a list of patches {name, file, find, replace, breaks}`);
  for (const [index, mutant] of (list as Partial<Mutant>[]).entries()) {
    for (const field of ["name", "file", "find", "replace"] as const)
      if (typeof mutant?.[field] !== "string")
        throw new SettingsError(`MUTANTS=${file}: patch ${index + 1} has no "${field}"`);
    if (!Array.isArray(mutant.breaks))
      throw new SettingsError(`MUTANTS=${file}: patch ${index + 1} has no list "breaks" of invariants`);
    const source = path.resolve(projectRoot, mutant.file!);
    if (!existsSync(source))
      throw new SettingsError(`MUTANTS=${file}: patch "${mutant.name}": there is no file ${mutant.file}`);
    try {
      patched(mutant as Mutant, readFileSync(source, "utf8"));
    } catch (error) {
      throw new SettingsError(`MUTANTS=${file}: ${(error as Error).message}`);
    }
  }
  return list as Mutant[];
}
