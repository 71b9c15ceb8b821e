/**
 * Runs a saved plan in the simulation and prints everything that happens: virtual time, who, what.
 *
 *     npm run simulate -- PLAN                        a file of reports/corpus, or any saved plan
 *     node --inspect-brk harness/bench/simulate.ts PLAN    the same run, stepped in a debugger: services have source maps,
 *                                                     breakpoints in them hold, and time stands still meanwhile
 *
 * MUTANTS and SUBJECT are understood as everywhere. Exits with 1 when an invariant fails.
 */

import { describePlan } from "../plan/index.ts";
import { Arena, faultWords, makeTag, readSettings, Subject, untagged } from "../run/index.ts";
import { SimulatedStack } from "../stack/simulated/index.ts";
import { allProperties } from "./properties.ts";

/** Ids as the plan writes them: in virtual time every case has the same tag. */
const readable = (line: string): string =>
  untagged(
    line,
    makeTag(() => 0),
  );

async function main([file]: string[]): Promise<boolean> {
  if (file === undefined) throw new Error("say which plan: npm run simulate -- reports/corpus/<name>.json");
  const settings = readSettings({ ...process.env, REPLAY: file }, () => 0);
  const { property: name, plan } = settings.replay!;
  const property = (await allProperties()).find((one) => one.name === name);
  if (!property) throw new Error(`${file}: there is no property "${name}"`);
  const stack = await SimulatedStack.start({ seed: 0, readable: true });
  const arena = new Arena(stack, await Subject.load(settings.subject));
  try {
    await arena.serve(property, settings.mutants);
    // with a debugger, the run stops here: the services are loaded, and breakpoints can be set in their sources
    // biome-ignore lint/suspicious/noDebugger: for a person who has attached one
    debugger;
    const judged = (await arena.judge(plan, property))!;
    console.log([...describePlan(plan, faultWords), "", ...stack.trace().map(readable), ""].join("\n"));
    const broken = Object.entries(judged.verdicts).filter(([, { verdict }]) => verdict !== "valid");
    for (const [invariant, verdict] of broken)
      console.log(`${invariant}: ${verdict.verdict === "invalid" ? verdict.evidence.summary : verdict.verdict}`);
    console.log(broken.length === 0 ? "all invariants hold" : "", `trace ${judged.trace}`);
    return broken.length === 0;
  } finally {
    await arena.close();
  }
}

try {
  if (!(await main(process.argv.slice(2)))) process.exitCode = 1;
} catch (error) {
  console.error(`stormproof: ${(error as Error).message}`);
  process.exit(2);
}
