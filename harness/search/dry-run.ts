import fc from "fast-check";
import type { CaseRunner } from "../case/index.ts";
import type { History } from "../history/index.ts";
import type { Moment, Plan, Profile, Profiles } from "../plan/index.ts";
import { derivedInput, type Property, scriptedPlans } from "../property/index.ts";
import { type CrashPoint, crashPoints } from "./crash-points.ts";

/** So many cases without faults and interruptions are run. */
const CASES = 24;
const SEED = 1;

/** What a dry run finds out. */
export interface DryRun {
  profiles: Profiles;
  /** the property with the input that its handlers must refuse, as their schemas say */
  property: Property;
  /** of all handlers that were seen */
  crashPoints: CrashPoint[];
}

/**
 * Finds out what a generator must know of each kind of operation: how many messages its attempts have, how many children
 * and external calls; and which input the handlers must refuse. Runs random cases without faults, and the property's
 * scenarios; in the simulation, so that it is the same each time.
 */
export async function dryRun(declared: Property, runner: CaseRunner): Promise<DryRun> {
  const conditions = { faults: [], exclusive: false, profiles: {} };
  const random = fc.sample(declared.plans(conditions), { seed: SEED, numRuns: CASES }).map(undisturbed);
  const profiles: Record<string, Profile> = {};
  const histories: History[] = [];
  const run = async (property: Property, plans: readonly Plan[]) => {
    for (const plan of plans.filter((one) => runner.can(one))) {
      const judged = await runner.judge(plan, property);
      if (!judged) continue;
      measure(judged.history, profiles);
      histories.push(judged.history);
    }
  };
  await run(declared, random);
  const handlers = runner.handlers.filter(
    ({ service, handler }) => !declared.anyInput.includes(`${service}/${handler}`),
  );
  const property = declared.refusing(derivedInput(handlers));
  await run(property, scriptedPlans(property));
  return { profiles, property, crashPoints: crashPoints(histories, property) };
}

/** The plan without what a generator puts in although it is asked for no faults. */
function undisturbed(plan: Plan, schedule: number): Plan {
  return { operations: plan.operations.filter(({ of }) => of === undefined), faults: [], schedule };
}

function measure({ operations, moments = [] }: History, profiles: Record<string, Profile>): void {
  const kinds = new Map(operations.map(({ id, kind, of }) => [id, of === undefined ? kind : undefined]));
  for (const moment of moments) {
    const kind = kinds.get(moment.operation);
    if (kind === undefined) continue;
    profiles[kind] = widened(
      profiles[kind] ?? { toEndpoint: 0, toServer: 0, children: 0, effects: 0, webhooks: 0 },
      moment,
    );
  }
}

function widened(profile: Profile, moment: Moment): Profile {
  if (moment.at === "effect") return { ...profile, effects: Math.max(profile.effects, moment.call) };
  if (moment.at === "webhook") return { ...profile, webhooks: Math.max(profile.webhooks, moment.number) };
  if (moment.at !== "message") return profile;
  const { direction, message, child = 0 } = moment;
  const field = direction === "to-endpoint" ? "toEndpoint" : "toServer";
  return {
    ...profile,
    [field]: Math.max(profile[field], message),
    children: Math.max(profile.children, child),
  };
}
