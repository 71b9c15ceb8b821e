import type { ExternalAnswer, ExternalRequest } from "../stack/index.ts";
import { decodeId } from "./ids.ts";
import type { ExternalSystem, Happening, LedgerEntry, Reaction, RunningSystem } from "./system.ts";
import { systems as allSystems } from "./systems.ts";

/**
 * The external systems, as one, with one ledger: the first segment of a path names the system, the rest is a path of its
 * own API.
 *
 * A request is handled in one step: its effect and its answer come into being together. Faults (a lost answer, a late
 * one, a failure before the effect) are made around it by whoever carries requests and answers, and so are webhooks.
 */
export class World {
  readonly #systems: ReadonlyMap<string, RunningSystem>;

  /**
   * @param systems the systems to play; those of the patterns by default
   * @throws when two have the same name
   */
  constructor(systems: readonly ExternalSystem[] = allSystems) {
    for (const [place, { name }] of systems.entries())
      if (systems.findIndex((other) => other.name === name) !== place)
        throw new Error(`two external systems are called "${name}": give one of them another name`);
    this.#systems = new Map(systems.map((system) => [system.name, system.start()]));
  }

  /** @param now milliseconds of the stack's clock */
  handle(request: ExternalRequest, now: number): Reaction {
    const { path, search, name } = partsOf(request.path);
    const system = this.#systems.get(name);
    if (!system) return this.#unknown(name);
    const { method, headers, body } = request;
    return system.handle({ method, path, query: queryOf(search), search, headers, body }, now);
  }

  /**
   * Time passes: every reservation that is still unconfirmed lapses, if its reference begins with the prefix. To be
   * called when no request can arrive any more that belongs to it.
   */
  lapse(referencePrefix: string): LedgerEntry[] {
    return [...this.#systems.values()].flatMap((system) => system.lapse(referencePrefix));
  }

  /** Time has come to `now`: what the systems do by themselves by then. */
  advance(now: number): Required<Happening> {
    const happenings = [...this.#systems.values()].flatMap((system) => system.advance?.(now) ?? []);
    return {
      entries: happenings.flatMap(({ entries }) => entries),
      webhooks: happenings.flatMap(({ webhooks = [] }) => webhooks),
    };
  }

  /** When a system will next do something by itself: `advance` should be called then. */
  dueAt(): number | undefined {
    const due = [...this.#systems.values()].flatMap((system) => system.dueAt?.() ?? []);
    return due.length === 0 ? undefined : Math.min(...due);
  }

  /** It leaves no entry: there is no system whose ledger it could stand in. */
  #unknown(name: string): Reaction {
    const known = [...this.#systems.keys()].join(", ") || "none";
    return refused(404, `there is no external system "${name}" in this world; there are: ${known}`);
  }
}

function partsOf(target: string): { name: string; path: string; search: string } {
  const [pathname = "", search = ""] = target.split(/\?(.*)/s);
  const [, name = "", ...rest] = pathname.split("/");
  return { name, path: `/${rest.join("/")}`, search };
}

function queryOf(search: string): Record<string, string> {
  const pairs = search.split("&").filter((pair) => pair !== "");
  return Object.fromEntries(
    pairs.map((pair) => {
      const [name = "", value = ""] = pair.split(/=(.*)/s);
      return [decodeId(name) ?? name, decodeId(value) ?? value];
    }),
  );
}

function refused(status: number, message: string): { answer: ExternalAnswer; entries: LedgerEntry[] } {
  return { answer: { status, body: JSON.stringify({ message }) }, entries: [] };
}
