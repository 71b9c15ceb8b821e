import type { Checker } from "../check/index.ts";
import type { FaultShape, Operation, Plan, Profiles } from "../plan/index.ts";
import { isReferring, storm } from "../plan/index.ts";
import type { ExternalSystem } from "../world/index.ts";
import { alwaysFirst, alwaysToo } from "./checks/index.ts";
import type { KindDefinition } from "./definition.ts";
import { DeliveryDefinition } from "./delivery.ts";
import { derivedKind, INVALID } from "./derived-input.ts";
import type { OperationDraft } from "./draft.ts";
import { type InvalidInput, InvalidInputDefinition } from "./invalid-input.ts";
import type { AnyKind } from "./kind.ts";
import type { Scenario } from "./scenario.ts";

/** What must hold of a pattern, and how it is put to the test. */
export interface PropertyOptions {
  /** the pattern of the catalog that is served */
  pattern: string;
  /** settings of the services, which read them from their environment */
  settings?: Readonly<Record<string, string | number>>;
  /** external systems to be played beside those that every property finds, or in the place of one of the same name */
  systems?: readonly ExternalSystem[];
  /** the kinds of operation, by the names that plans, histories and reports use */
  operations: Readonly<Record<string, AnyKind>>;
  /**
   * Handlers that take any input, or read it otherwise than their schema says, as "service/handler". All others are asked
   * with what their schema refuses, and must refuse it.
   */
  anyInput?: readonly string[];
  /** how much there is in one case of a storm: the most operations (10), clients (5) and faults (4) */
  storm?: { operations?: number; clients?: number; faults?: number };
  /** by name; besides these, every property checks what all patterns share */
  invariants: Readonly<Record<string, Checker>>;
  /**
   * The invariant that the services are known to break: a known hazard. A run must find that; one that does not, or finds
   * another invariant broken, fails.
   */
  expects?: string;
  /** by name: what a run must have met to mean anything */
  scenarios: Readonly<Record<string, Scenario>>;
  /** what operations have begun goes on when all of them are answered: a run lasts until nothing moves any more */
  goesOn?: boolean;
  /** what is asked when all is quiet: as operations of the client "audit" */
  audit?(operations: readonly Operation[]): OperationDraft[];
  /**
   * What lets go of clients that wait for what no operation does: done in the recovery phase, and done again, as
   * operations of the client "recovery", as long as something has not ended.
   */
  release?(operations: readonly Operation[]): OperationDraft[];
}

export interface Property {
  readonly name: string;
  readonly pattern: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly systems: readonly ExternalSystem[];
  readonly kinds: ReadonlyMap<string, KindDefinition>;
  /** in the order in which they are judged: after one of the first that fails, the others mean nothing */
  readonly invariants: Readonly<Record<string, Checker>>;
  readonly first: readonly string[];
  /** those of the pattern alone */
  readonly own: readonly string[];
  /** the one that a run must find broken */
  readonly expects: string | undefined;
  readonly scenarios: Readonly<Record<string, Scenario>>;
  readonly anyInput: readonly string[];
  /** the kind of operation by which webhooks reach the services, if it has one */
  readonly delivery: string | undefined;
  readonly goesOn: boolean;
  /** The property with these requests, which must be refused, in its storms and as a scenario. */
  refusing(requests: readonly InvalidInput[]): Property;
  audit(operations: readonly Operation[]): OperationDraft[];
  release(operations: readonly Operation[]): OperationDraft[];
  /** Random plans. */
  plans(conditions: {
    faults: readonly FaultShape[];
    exclusive: boolean;
    profiles: Profiles;
  }): ReturnType<typeof storm>;
}

const declared: Property[] = [];
let registrar: ((property: Property) => void) | undefined;

/**
 * Declares a property. Under vitest this registers its tests, one for each stack that the run asks for.
 * @throws when it has no invariant or no kind of operation, or a name is taken
 */
export function property(name: string, options: PropertyOptions): void {
  const complete = completed(name, options);
  declared.push(complete);
  registrar?.(complete);
}

function completed(name: string, options: PropertyOptions, derived: readonly InvalidInput[] = []): Property {
  const wrong = (what: string) => new Error(`property "${name}": ${what}`);
  if (Object.keys(options.invariants).length === 0) throw wrong("it has no invariants, so that nothing could fail");
  if (Object.keys(options.operations).length === 0) throw wrong("it has no operations, so that nothing would be done");
  if (options.expects !== undefined && !Object.hasOwn(options.invariants, options.expects))
    throw wrong(`it expects a violation of "${options.expects}", which is none of its invariants`);
  const shared = [...Object.keys(alwaysFirst), ...Object.keys(alwaysToo)];
  const taken = Object.keys(options.invariants).find((one) => shared.includes(one));
  if (taken !== undefined) throw wrong(`every property has an invariant "${taken}": call yours otherwise`);
  const kinds = new Map<string, KindDefinition>();
  for (const [label, { definition }] of Object.entries(options.operations)) {
    if (isReferring(label) || label === INVALID)
      throw wrong(`"${label}" is a kind that every property has: call yours otherwise`);
    if (definition.name !== "" && definition.name !== label)
      throw wrong(`one kind is called both "${definition.name}" and "${label}"`);
    definition.name = label;
    kinds.set(label, definition);
  }
  const invalid = derivedKind(derived);
  invalid.name = INVALID;
  kinds.set(INVALID, invalid);
  const refused = [...kinds.values()].filter((one) => one instanceof InvalidInputDefinition);
  const [delivery, ...more] = [...kinds.values()].filter((one) => one instanceof DeliveryDefinition);
  if (more.length > 0)
    throw wrong(`"${delivery?.name}" and "${more[0]?.name}" both deliver webhooks: there is one way for all`);
  const drawn = [...kinds].filter(
    ([, one]) => one !== delivery && !(one instanceof InvalidInputDefinition && one.cases.length === 0),
  );
  const of = (checks: Record<string, (kinds: ReadonlyMap<string, KindDefinition>) => Checker>) =>
    Object.fromEntries(Object.entries(checks).map(([label, make]) => [label, make(kinds)]));
  const kindsOfStorm = Object.fromEntries(drawn.map(([label, definition]) => [label, definition.storm]));
  return {
    name,
    pattern: options.pattern,
    environment: Object.fromEntries(
      Object.entries(options.settings ?? {}).map(([variable, value]) => [variable, String(value)]),
    ),
    systems: options.systems ?? [],
    kinds,
    invariants: { ...of(alwaysFirst), ...options.invariants, ...of(alwaysToo) },
    first: Object.keys(alwaysFirst),
    own: Object.keys(options.invariants),
    expects: options.expects,
    scenarios: { ...options.scenarios, ...scenariosOf(refused) },
    anyInput: options.anyInput ?? [],
    delivery: delivery?.name,
    goesOn: options.goesOn === true,
    refusing(requests) {
      // whoever judges only some of its invariants goes on to do so
      const { kinds, scenarios, plans } = completed(name, options, requests);
      return { ...this, kinds, scenarios, plans };
    },
    audit: options.audit ?? (() => []),
    release: options.release ?? (() => []),
    plans: (conditions) => storm({ kinds: kindsOfStorm, ...options.storm }, conditions),
  };
}

/** What must be refused is asked for at least once. */
const scenariosOf = (refused: readonly InvalidInputDefinition[]): Record<string, Scenario> =>
  Object.fromEntries(
    refused.filter(({ cases }) => cases.length > 0).map((one) => [`each ${one.name} request is refused`, one.scenario]),
  );

/** The plans that bring about the scenarios which a run must reach. */
export const scriptedPlans = ({ scenarios }: Property): Plan[] => Object.values(scenarios).map(({ plan }) => plan);

/** Properties that have been declared so far, for scripts that import property files. */
export const declaredProperties = (): readonly Property[] => declared;

/** What to do with each property that is declared from now on. */
export function onDeclare(register: (property: Property) => void): void {
  registrar = register;
}
