import { clientRetries, clientWalksAway } from "./client.ts";
import { cutReset, cutSession } from "./cut.ts";
import { externalAnswersLate, externalFails, externalLosesAnswer, externalStalls } from "./external.ts";
import type { FaultKind } from "./fault.ts";
import { killEndpoint } from "./kill-endpoint.ts";
import { killServer } from "./kill-server.ts";
import { zombie } from "./zombie.ts";

export type { FaultKind, Scene, Strike } from "./fault.ts";

/** Every kind of fault there is. */
export const faultKinds: readonly FaultKind[] = [
  clientWalksAway,
  clientRetries,
  cutReset,
  cutSession,
  externalFails,
  externalLosesAnswer,
  externalStalls,
  externalAnswersLate,
  killEndpoint,
  zombie,
  killServer,
];

/** What each kind does, for whoever describes a plan. */
export const faultWords: Record<string, string> = Object.fromEntries(faultKinds.map(({ name, says }) => [name, says]));

const byName = new Map(faultKinds.map((kind) => [kind.name, kind]));

/** @throws when there is no such kind */
export function faultKind(name: string): FaultKind {
  const kind = byName.get(name);
  if (!kind) throw new Error(`there is no fault kind "${name}"; there are ${[...byName.keys()].join(", ")}`);
  return kind;
}
