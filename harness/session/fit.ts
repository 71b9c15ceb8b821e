import fc from "fast-check";
import { describeRequest, type Request } from "../plan/index.ts";
import { DeliveryDefinition, InvalidInputDefinition, type Property, scriptedPlans } from "../property/index.ts";
import { systemsWith } from "../world/index.ts";
import type { SystemUnderTest } from "./system-under-test.ts";

/** So many requests of each kind and route are looked at. */
const SAMPLES = 30;
const SEED = 1;

/**
 * What a property asks for and services do not have: its pattern, a handler, a front app, or an external system that services call and
 * the property's world lacks. Requests of each kind and route are sampled, and those of the scenarios are made.
 *
 * @returns a sentence that names it; undefined when nothing is missing
 */
export function unserved(property: Property, services: SystemUnderTest): string | undefined {
  const { name, pattern } = property;
  if (!services.patterns.includes(pattern))
    return `the property "${name}" is of the pattern "${pattern}", which ${services.module} does not have; it has ${services.patterns.join(", ")}`;
  const world = systemsWith(property.systems).map((system) => system.name);
  const unknown = services.systems(pattern).find((system) => !world.includes(system));
  if (unknown !== undefined)
    return `the pattern "${pattern}" calls the external system "${unknown}", which is not in the world of the property "${name}"; there are ${world.join(", ")}`;
  for (const { kind, request } of requestsOf(property, services)) {
    const complaint = services.complaint(pattern, request);
    if (complaint !== undefined)
      return `operations of the kind "${kind}" of the property "${name}" ask for ${describeRequest(request)}: ${complaint}`;
  }
  return undefined;
}

function* requestsOf(property: Property, services: SystemUnderTest): Generator<{ kind: string; request: Request }> {
  const adapter = services.adapter(property.pattern);
  for (const [kind, definition] of property.kinds) {
    if (definition instanceof DeliveryDefinition) continue;
    // what the handlers' schemas refuse is only known when they have been asked for them
    if (definition instanceof InvalidInputDefinition && definition.cases.length === 0) continue;
    const { args, routes } = definition.storm;
    const scripted = scriptedPlans(property).flatMap(({ operations }) => operations.filter((one) => one.kind === kind));
    const sampled = fc
      .sample(args, { seed: SEED, numRuns: SAMPLES })
      .flatMap((one) => routes.map((route) => ({ args: one, route })));
    for (const { args: given, route } of [...scripted, ...sampled])
      yield { kind, request: adapter?.request(kind, given, route) ?? definition.request(given, route) };
  }
}
