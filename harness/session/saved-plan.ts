import { faultKinds } from "../faults/index.ts";
import type { Mode, Moment, Operation, Plan } from "../plan/index.ts";

/** A failing plan as it is saved in the corpus. */
export interface SavedPlan {
  property: string;
  invariant: string;
  stack: string;
  /** what was seen, in a sentence */
  summary: string;
  plan: Plan;
}

/** What is wrong with a saved plan, if anything. */
export function savedPlanComplaint(saved: Partial<SavedPlan> | null): string | undefined {
  if (typeof saved !== "object" || saved === null) return "it is no object";
  if (typeof saved.property !== "string") return '"property", the name of the property that it fails, is missing';
  const { plan } = saved;
  if (!Array.isArray(plan?.operations) || plan.operations.length === 0)
    return '"plan.operations" must be a list of operations';
  if (!Array.isArray(plan.faults)) return '"plan.faults" must be a list of faults';
  const kinds = faultKinds.map(({ name }) => name);
  for (const [index, fault] of plan.faults.entries())
    if (!kinds.includes(fault?.kind))
      return `fault ${index + 1} is of the kind "${fault?.kind}"; there are ${kinds.join(", ")}`;
  const ids = new Set<string>();
  for (const [index, operation] of plan.operations.entries()) {
    if (typeof operation?.id !== "string" || typeof operation.client !== "string")
      return `operation ${index + 1} has no "id" or no "client"`;
    const complaint = requestComplaint(operation);
    if (complaint) return `operation "${operation.id}" ${complaint}`;
    if (ids.has(operation.id)) return `two operations have the id "${operation.id}"`;
    ids.add(operation.id);
  }
  const moments = momentsOf(plan);
  const odd = moments.find((moment) => !isMoment(moment));
  if (odd) return `it names no moment of a run: ${JSON.stringify(odd)}`;
  const named = plan.operations.flatMap(({ after, of }) => [...(after ?? []), ...(of === undefined ? [] : [of])]);
  const unknown = [...named, ...moments.map(({ operation }) => operation)].find((id) => !ids.has(id));
  return unknown === undefined ? undefined : `it names an operation "${unknown}" that it does not have`;
}

/** Every moment at which something of the plan happens or ends. */
const momentsOf = ({ operations, faults, pins }: Plan): Moment[] => [
  ...operations.flatMap(({ at }) => at ?? []),
  ...faults.flatMap(({ at, heal }) => [at, ...(heal ? [heal] : [])]),
  ...(pins ?? []).flatMap(({ first, second }) => [first, second]),
];

/** What is wrong with what an operation asks for, if anything. */
function requestComplaint({ mode, call, of }: Operation): string | undefined {
  if (modes.own.includes(mode)) {
    const to = call && ("app" in call ? call.app : call.service);
    return typeof to === "string" && typeof call!.handler === "string"
      ? undefined
      : 'has no "call" with a "handler" of a "service" or an "app"';
  }
  if (modes.others.includes(mode)) return of === undefined ? 'has no "of", the operation that it is about' : undefined;
  return `is of the mode "${mode}"; there are ${[...modes.own, ...modes.others].join(", ")}`;
}

const modes: { own: Mode[]; others: Mode[] } = { own: ["call", "send"], others: ["attach", "cancel", "terminate"] };

function isMoment(moment: Moment | undefined): boolean {
  const isCount = (n: unknown) => Number.isInteger(n) && (n as number) >= 1;
  if (typeof moment?.operation !== "string") return false;
  if (moment.when !== "before" && moment.when !== "after") return false;
  switch (moment.at) {
    case "operation":
      return moment.point === "invoke" || moment.point === "completion";
    case "effect":
      return isCount(moment.call);
    case "message":
      return (
        isCount(moment.attempt) &&
        isCount(moment.message) &&
        (moment.child === undefined || isCount(moment.child)) &&
        (moment.direction === "to-endpoint" || moment.direction === "to-server")
      );
    default:
      return false;
  }
}
