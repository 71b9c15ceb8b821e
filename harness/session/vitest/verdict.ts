import type { RecordedRun, RunEnded } from "../../record/index.ts";
import { unknownInvariant } from "../judged.ts";
import type { Settings } from "../settings.ts";

/** How a run ended as a whole, and what is wrong with it beyond its properties. */
export function verdictOf(
  { properties }: RecordedRun,
  { full, replay, only, skip }: Pick<Settings, "full" | "replay" | "only" | "skip">,
): { verdict: RunEnded["verdict"]; complaints: string[] } {
  const interrupted = properties.some(({ verdict }) => verdict === "interrupted" || verdict === "running");
  const bad = properties.filter(({ verdict }) => verdict !== "passed" && verdict !== "skipped");
  const idle = full && bad.length === 0 ? kindsNeverInjected(properties) : [];
  const complaints = idle.map(
    ({ stack, kind, planned }) =>
      `stormproof: on the ${stack} stack the fault ${kind} was planned ${planned} times and was never injected, so this run says nothing of it`,
  );
  const names = properties.flatMap(({ invariants, unjudged = [] }) => [...invariants, ...unjudged]);
  const unknown =
    names.length > 0 ? unknownInvariant({ ...(only && { only }), ...(skip && { skip }) }, names) : undefined;
  if (unknown !== undefined) complaints.push(`stormproof: ${unknown}`);
  if (replay && properties.length === 0)
    complaints.push(`stormproof: REPLAY=${replay.file}: no property named "${replay.property}" has run`);
  else if (replay && properties.every(({ verdict }) => verdict === "skipped"))
    complaints.push(
      `stormproof: REPLAY=${replay.file}: the plan was run on no stack: ` +
        properties.map(({ stack, reason }) => `${stack}: ${reason}`).join("; "),
    );
  const verdict = interrupted ? "interrupted" : bad.length > 0 || complaints.length > 0 ? "failed" : "passed";
  return { verdict, complaints };
}

function kindsNeverInjected(properties: RecordedRun["properties"]): { stack: string; kind: string; planned: number }[] {
  const totals = new Map<string, { stack: string; kind: string; planned: number; injected: number }>();
  for (const { stack, faults } of properties)
    for (const [kind, { planned, injected }] of Object.entries(faults)) {
      const total = totals.get(`${stack} ${kind}`) ?? { stack, kind, planned: 0, injected: 0 };
      totals.set(`${stack} ${kind}`, {
        stack,
        kind,
        planned: total.planned + planned,
        injected: total.injected + injected,
      });
    }
  return [...totals.values()].filter(({ injected }) => injected === 0);
}
