import type { FaultShape } from "./fault-shape.ts";
import type { Json, Moment, Operation, Plan } from "./plan.ts";

export interface Shrunk {
  plan: Plan;
  /** candidates that were tried */
  tried: number;
  /** nothing more can be removed; false when the budget ran out first */
  complete: boolean;
}

/**
 * Makes a failing plan smaller while it still fails: greedily, in the order process faults, other faults, clients,
 * operations (with what names them), clients by merging them, fields and values, then ordering constraints; again from the start until
 * nothing can be removed. Lists are cut by halves first, then item by item (delta debugging, Zeller and Hildebrandt 2002).
 *
 * @param fails gives a candidate that still fails in the same way back, perhaps with another schedule under which it does;
 *   `untied` says that an operation or a healing of it may come at more moments than before
 * @param goOn asked before each candidate; false ends the search
 */
export async function shrink(
  plan: Plan,
  shapes: readonly FaultShape[],
  fails: (candidate: Plan, untied: boolean) => Promise<Plan | undefined>,
  goOn: () => boolean,
): Promise<Shrunk> {
  let best = plan;
  let tried = 0;
  let stopped = false;
  const attempt = async (candidate: Plan, untied = false): Promise<boolean> => {
    if (stopped || !goOn()) {
      stopped = true;
      return false;
    }
    tried++;
    const failing = await fails(candidate, untied);
    if (failing) best = failing;
    return failing !== undefined;
  };
  const isProcess = new Set(shapes.filter(({ scope }) => scope === "process").map(({ name }) => name));
  for (let before: Plan | undefined; before !== best && !stopped; ) {
    before = best;
    const faults = (process: boolean): string[] =>
      best.faults.filter(({ kind }) => isProcess.has(kind) === process).map(({ id }) => id);
    await removeSome(faults(true), (ids) => attempt(withoutFaults(best, ids)));
    await removeSome(faults(false), (ids) => attempt(withoutFaults(best, ids)));
    await removeSome([...new Set(best.operations.map(({ client }) => client))], (clients) =>
      attempt(
        withoutOperations(
          best,
          best.operations.filter(({ client }) => clients.includes(client)).map(({ id }) => id),
        ),
      ),
    );
    await removeSome(
      best.operations.map(({ id }) => id),
      (ids) => attempt(withoutOperations(best, ids)),
    );
    await mergeClients(() => best, attempt);
    for (const { id } of best.operations) await simplifyOperation(id, () => best, attempt);
    for (const { id } of best.faults) await simplifyFault(id, () => best, attempt);
    await removeSome(best.happensBefore ?? [], (gone) =>
      attempt({ ...best, happensBefore: (best.happensBefore ?? []).filter((order) => !gone.includes(order)) }),
    );
  }
  return { plan: best, tried, complete: !stopped };
}

/** Tries to remove halves, quarters, ... single items, each as long as that succeeds. */
async function removeSome<T>(items: T[], remove: (chunk: T[]) => Promise<boolean>): Promise<void> {
  let left = items;
  for (let size = left.length; size >= 1; size = Math.floor(size / 2)) {
    for (let start = 0; start < left.length; ) {
      const chunk = left.slice(start, start + size);
      if (await remove(chunk)) left = left.filter((item) => !chunk.includes(item));
      else start += size;
    }
  }
}

function withoutFaults(plan: Plan, ids: string[]): Plan {
  return { ...plan, faults: plan.faults.filter(({ id }) => !ids.includes(id)) };
}

/** The plan without some operations, and without everything that means nothing without them. */
export function withoutOperations(plan: Plan, ids: string[]): Plan {
  const gone = new Set(ids);
  for (let size = -1; size !== gone.size; ) {
    size = gone.size;
    for (const { id, of } of plan.operations) if (of !== undefined && gone.has(of)) gone.add(id);
  }
  const lives = (moment: Moment | undefined): boolean => moment === undefined || !gone.has(moment.operation);
  return {
    ...plan,
    operations: plan.operations.filter(({ id }) => !gone.has(id)).map((operation) => unbound(operation, gone)),
    faults: plan.faults
      .filter(({ at }) => lives(at))
      .map(({ heal, ...fault }) => (heal && lives(heal) ? { ...fault, heal } : fault)),
    ...(plan.happensBefore && {
      happensBefore: plan.happensBefore.filter(({ first, second }) => lives(first) && lives(second)),
    }),
  };
}

function unbound({ after, at, ...operation }: Operation, gone: ReadonlySet<string>): Operation {
  const left = after?.filter((id) => !gone.has(id)) ?? [];
  return { ...operation, ...(left.length > 0 && { after: left }), ...(at && !gone.has(at.operation) && { at }) };
}

type Attempt = (candidate: Plan, untied?: boolean) => Promise<boolean>;

/** What fails with one client that does everything in turn needs no luck: better than with several. */
async function mergeClients(best: () => Plan, attempt: Attempt): Promise<void> {
  const merged = (move: (operation: Operation) => boolean): Plan => {
    const { client } = best().operations[0]!;
    return { ...best(), operations: best().operations.map((one) => (move(one) ? { ...one, client } : one)) };
  };
  const others = () => best().operations.filter(({ client }) => client !== best().operations[0]!.client);
  if (others().length === 0 || (await attempt(merged(() => true)))) return;
  for (const { id } of others()) await attempt(merged((one) => one.id === id));
}

async function simplifyOperation(id: string, best: () => Plan, attempt: Attempt): Promise<void> {
  const current = (): Operation | undefined => best().operations.find((operation) => operation.id === id);
  const replaced = (operation: Operation): Plan => ({
    ...best(),
    operations: best().operations.map((one) => (one.id === id ? operation : one)),
  });
  for (const field of ["retries", "route", "at", "after"] as const) {
    const operation = current();
    if (operation?.[field] === undefined) continue;
    const { [field]: _, ...rest } = operation;
    await attempt(replaced(rest), field === "at" || field === "after");
  }
  for (let again = true; again; ) {
    again = false;
    const operation = current();
    if (!operation) return;
    for (const args of smaller(operation.args)) {
      again = await attempt(replaced({ ...operation, args }));
      if (again) break;
    }
  }
}

async function simplifyFault(id: string, best: () => Plan, attempt: Attempt): Promise<void> {
  const fault = best().faults.find((one) => one.id === id);
  if (!fault?.heal) return;
  const { heal: _, ...rest } = fault;
  await attempt({ ...best(), faults: best().faults.map((one) => (one.id === id ? rest : one)) }, true);
}

/**
 * Values with one number in them nearer to 1. Durations, fields that are called "...Ms", stay: in virtual time one of them
 * may be as short as one likes, and what depends on it would never show on a real clock.
 */
function* smaller(value: Json): Generator<Json> {
  if (typeof value === "number") {
    const steps = [1, Math.floor(value / 2), Math.floor((value * 3) / 4), value - 1];
    yield* new Set(steps.filter((less) => less >= 1 && less < value));
  } else if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) for (const less of smaller(item)) yield value.with(index, less);
  } else if (value !== null && typeof value === "object") {
    for (const [name, item] of Object.entries(value))
      if (!name.endsWith("Ms")) for (const less of smaller(item)) yield { ...value, [name]: less };
  }
}
