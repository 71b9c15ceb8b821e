import { z } from "zod";
import { faultKinds } from "../faults/index.ts";
import { isReferring, type Moment, Plan } from "../plan/index.ts";
import type { Property } from "../property/index.ts";

/** Changes whenever plans of the older form mean nothing any more. */
export const PLAN_FORMAT = 2;

/** A failing plan as it is saved in the corpus. */
export const SavedPlan = z.strictObject({
  format: z.literal(PLAN_FORMAT),
  property: z.string().min(1),
  invariant: z.string(),
  stack: z.string(),
  /** what was seen, in a sentence */
  summary: z.string(),
  plan: Plan,
});
export interface SavedPlan extends z.infer<typeof SavedPlan> {}

/**
 * Reads a saved plan.
 * @throws with a sentence that says what is wrong with it, and what to do
 */
export function readSavedPlan(value: unknown): SavedPlan {
  const format = typeof value === "object" && value !== null && "format" in value ? value.format : undefined;
  if (typeof value === "object" && value !== null && "plan" in value && format !== PLAN_FORMAT)
    throw new Error(
      format === undefined || (typeof format === "number" && format < PLAN_FORMAT)
        ? `its format is ${format ?? 1}, and this version reads ${PLAN_FORMAT}: storm again with the seed that found it`
        : `its format is ${JSON.stringify(format)}, and this version reads ${PLAN_FORMAT}: it was saved by another version`,
    );
  const read = SavedPlan.safeParse(value);
  if (!read.success) throw new Error(z.prettifyError(read.error).replace(/^✖ /gm, ""));
  const complaint = planComplaint(read.data.plan);
  if (complaint !== undefined) throw new Error(complaint);
  return read.data;
}

/** What is wrong with a plan that can be told without its property, if anything. */
function planComplaint({ operations, faults, happensBefore = [] }: Plan): string | undefined {
  if (operations.length === 0) return "plan.operations is empty: there is nothing to do";
  const kinds: readonly string[] = faultKinds.map(({ name }) => name);
  const odd = faults.find(({ kind }) => !kinds.includes(kind));
  if (odd) return `the fault "${odd.id}" is of the kind "${odd.kind}"; there are ${kinds.join(", ")}`;
  const ids = new Set<string>();
  for (const { id, kind, of } of operations) {
    if (ids.has(id)) return `two operations have the id "${id}"`;
    ids.add(id);
    if (isReferring(kind) && of === undefined)
      return `the operation "${id}" has no "of", the operation that it is about`;
    if (!isReferring(kind) && of !== undefined)
      return `the operation "${id}" has an "of", which only attach, cancel and terminate have`;
  }
  const twice = faults.find(({ id }, index) => faults.slice(0, index).some((other) => other.id === id));
  if (twice) return `two faults have the id "${twice.id}"`;
  const moments: Moment[] = [
    ...operations.flatMap(({ at }) => at ?? []),
    ...faults.flatMap(({ at, heal }) => [at, ...(heal ? [heal] : [])]),
    ...happensBefore.flatMap(({ first, second }) => [first, second]),
  ];
  const named = operations.flatMap(({ after = [], of }) => [...after, ...(of === undefined ? [] : [of])]);
  const unknown = [...named, ...moments.map(({ operation }) => operation)].find((id) => !ids.has(id));
  if (unknown !== undefined) return `it names an operation "${unknown}" that it does not have`;
  return cycleComplaint(operations);
}

/** Operations that wait for each other would never begin: those before them in their client count as well. */
function cycleComplaint(operations: Plan["operations"]): string | undefined {
  const waitsFor = new Map<string, string[]>();
  const last = new Map<string, string>();
  for (const { id, client, after = [] } of operations) {
    const before = last.get(client);
    waitsFor.set(id, [...after, ...(before === undefined ? [] : [before])]);
    last.set(client, id);
  }
  const done = new Set<string>();
  const visit = (id: string, path: string[]): string[] | undefined => {
    if (path.includes(id)) return [...path.slice(path.indexOf(id)), id];
    if (done.has(id)) return undefined;
    for (const next of waitsFor.get(id) ?? []) {
      const cycle = visit(next, [...path, id]);
      if (cycle) return cycle;
    }
    done.add(id);
    return undefined;
  };
  for (const id of waitsFor.keys()) {
    const cycle = visit(id, []);
    if (cycle) return `operations wait for each other: ${cycle.join(" after ")}`;
  }
  return undefined;
}

/** What a plan asks of a property that it does not have, if anything. */
export function misfit({ operations }: Plan, { name, kinds }: Property): string | undefined {
  for (const { id, kind, args, route } of operations) {
    if (isReferring(kind)) continue;
    const definition = kinds.get(kind);
    if (!definition)
      return `the operation "${id}" is of the kind "${kind}", which the property "${name}" does not have; it has ${[...kinds.keys()].join(", ")}`;
    try {
      definition.request(args, route);
    } catch (error) {
      return `the operation "${id}" makes no request: ${error instanceof Error ? error.message : String(error)}`;
    }
  }
  return undefined;
}
