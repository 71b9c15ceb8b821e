import { reconnect, walkAway } from "./client-faults.ts";
import { cutConnection, cutStream } from "./cuts.ts";
import { answerLate, failCall, loseAnswer, stall } from "./external-faults.ts";
import type { FaultKind } from "./fault.ts";
import { killEndpoint } from "./kill-endpoint.ts";
import { killServer } from "./kill-server.ts";
import { repeatWebhook, withholdWebhook } from "./webhook-faults.ts";
import { zombie } from "./zombie.ts";

export type { FaultContext, FaultKind, Interference } from "./fault.ts";

const kinds = [
  walkAway,
  reconnect,
  cutStream,
  cutConnection,
  failCall,
  loseAnswer,
  stall,
  answerLate,
  withholdWebhook,
  repeatWebhook,
  killEndpoint,
  zombie,
  killServer,
] as const satisfies readonly FaultKind[];

/** Every kind of fault there is. */
export const faultKinds: readonly FaultKind<(typeof kinds)[number]["name"]>[] = kinds;

/** What each kind does, for whoever describes a plan. */
export const faultLabels: Record<string, string> = Object.fromEntries(
  faultKinds.map(({ name, description }) => [name, description]),
);

const byName = new Map<string, FaultKind>(faultKinds.map((kind) => [kind.name, kind]));

/** @throws when there is no such kind */
export function faultKind(name: string): FaultKind {
  const kind = byName.get(name);
  if (!kind) throw new Error(`there is no fault kind "${name}"; there are ${[...byName.keys()].join(", ")}`);
  return kind;
}
