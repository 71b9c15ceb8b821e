import fc from "fast-check";
import type { CrashPoint } from "../recorder.ts";
import type { Comparison, ProgramChecker, Ran } from "./check.ts";
import { Coverage } from "./coverage.ts";
import { programs } from "./generate.ts";
import { isFeltByAll, type Program } from "./program.ts";
import type { Rule } from "./rules.ts";
import { shrink } from "./shrink.ts";

/** What a campaign has seen so far. */
export interface Campaign {
  programs: number;
  /** of each program, how many commands its handlers sent in the model */
  commands: number[];
  coverage: Coverage;
  /** programs whose run on the real server was met in the model message by message */
  exact: number;
  rules: Map<Rule, number>;
  /** what the real server did and the model does not */
  failures: { program: Program; crashPoint: CrashPoint | undefined; difference: string; smallest?: Program }[];
}

export interface CampaignOptions {
  programs: number;
  seed: number;
  /** makes the first failure smaller, and ends with it */
  shrinks: boolean;
  /** told after each batch */
  progress?: (campaign: Campaign) => void;
}

/** how many programs use the real server at the same time */
const AT_ONCE = 8;

/** Compares generated programs; the same seed makes the same ones. */
export async function compareProgramsOf(checker: ProgramChecker, options: CampaignOptions): Promise<Campaign> {
  const campaign: Campaign = {
    programs: 0,
    commands: [],
    coverage: new Coverage(),
    exact: 0,
    rules: new Map(),
    failures: [],
  };
  const all = fc.sample(programs, { seed: options.seed, numRuns: options.programs });
  for (let at = 0; at < all.length; at += AT_ONCE) {
    for (const ran of await runAll(checker, all.slice(at, at + AT_ONCE)))
      count(campaign, ran, await checker.compare(ran));
    options.progress?.(campaign);
    const [first] = campaign.failures;
    if (!first || !options.shrinks) continue;
    first.smallest = await shrink(first.program, (program) => failsAgain(checker, program));
    return campaign;
  }
  return campaign;
}

/** What is felt by everybody is run when nobody else is there. */
async function runAll(checker: ProgramChecker, batch: Program[]): Promise<Ran[]> {
  const together = await Promise.all(batch.filter((one) => !isFeltByAll(one)).map((one) => checker.run(one)));
  const alone: Ran[] = [];
  for (const program of batch.filter(isFeltByAll)) alone.push(await checker.run(program));
  return [...together, ...alone];
}

function count(campaign: Campaign, { program, scenario, commands, real }: Ran, { rule, difference }: Comparison): void {
  campaign.programs++;
  campaign.commands.push(commands);
  campaign.coverage.add(program, real.injected ? program.fault?.kind : undefined);
  if (difference !== undefined) campaign.failures.push({ program, crashPoint: scenario.crashPoint, difference });
  else if (rule) campaign.rules.set(rule, (campaign.rules.get(rule) ?? 0) + 1);
  else campaign.exact++;
}

/** The real server may not do the same again at once. */
async function failsAgain(checker: ProgramChecker, program: Program): Promise<boolean> {
  for (let i = 0; i < 2; i++) {
    const { difference } = await checker.compare(await checker.run(program));
    if (difference !== undefined) return true;
  }
  return false;
}

/** The middle one in order of size; 0 when there is none. */
export function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? 0;
}
