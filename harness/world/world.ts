import { z } from "zod";
import type { ExternalAnswer, ExternalRequest } from "../stack/index.ts";
import { idempotent } from "./idempotency.ts";
import type { ExternalCall, ExternalSystem, LedgerEntry } from "./system.ts";
import { systems } from "./systems.ts";

const Content = z.looseObject({ reference: z.string().optional() }).catchall(z.json());

/**
 * The external systems, as one: `POST /<system>/<action>` with a JSON body, an `idempotency-key` header, and in the
 * body, next to the content, the `reference` that the change belongs to.
 *
 * A request is handled in one step: its effect and its answer come into being together. Faults (a lost answer, a late
 * one, a failure before the effect) are made around it by whoever carries requests and answers.
 */
export class World {
  readonly #systems: ReadonlyMap<string, ExternalSystem>;

  /** @param makers the systems to play; all of them by default */
  constructor(makers: readonly (() => ExternalSystem)[] = systems) {
    this.#systems = new Map(makers.map((make) => idempotent(make())).map((system) => [system.name, system]));
  }

  /** @param now milliseconds of the stack's clock */
  handle(request: ExternalRequest, now: number): { answer: ExternalAnswer; entries: LedgerEntry[] } {
    const [, name = "", action = ""] = request.path.split(/[/?]/);
    const system = this.#systems.get(name);
    if (!system) return refused(404, `there is no external system ${name}`);
    if (request.method !== "POST") return refused(405, "changes are made with POST");
    const call = readCall(action, request);
    if (!call) return refused(400, "the body must be a JSON object, and its reference a string");
    const { status, body, entries } = system.handle(call, now);
    return { answer: { status, body: JSON.stringify(body) }, entries };
  }

  /**
   * Time passes: every reservation that is still unconfirmed lapses, if its reference begins with the prefix. To be
   * called when no request can arrive any more that belongs to it.
   */
  lapse(referencePrefix: string): LedgerEntry[] {
    return [...this.#systems.values()].flatMap((system) => system.lapse(referencePrefix));
  }
}

function readCall(action: string, { headers, body }: ExternalRequest): ExternalCall | undefined {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return undefined;
  }
  const { success, data } = Content.safeParse(json);
  if (!success) return undefined;
  const { reference, ...content } = data;
  const key = headers["idempotency-key"];
  return {
    action,
    ...(key === undefined ? {} : { key }),
    ...(reference === undefined ? {} : { reference }),
    content: content as ExternalCall["content"],
  };
}

/** Requests that no system can read leave no entry: there is nothing that they could be about. */
function refused(status: number, message: string): { answer: ExternalAnswer; entries: LedgerEntry[] } {
  return { answer: { status, body: JSON.stringify({ message }) }, entries: [] };
}
