import type { Json, Moment } from "../plan/index.ts";
import type { Clock, ExternalAnswer, ExternalRequest } from "../stack/index.ts";
import type { Happening, LedgerEntry, Webhook, World } from "../world/index.ts";
import type { Decided } from "./nemesis.ts";
import type { Source } from "./traffic-router.ts";

/** What the external systems need of a case. */
export interface ExternalSurroundings {
  world: World;
  clock: Clock;
  moment(moment: Moment, detail: string): Decided | Promise<Decided>;
  /** writes into the ledger */
  record(entry: LedgerEntry, from: Source): void;
  /** makes one delivery of a webhook, as an operation with this id; says how it ended */
  deliver(webhook: Webhook, id: string): Promise<"ok" | "fail" | "info">;
}

/** How long a system waits before it delivers again what was not accepted; doubled each time, up to the most. */
const AGAIN_MS = { first: 20, most: 500 };
/** A webhook that is refused so often is given up. */
const MOST_REFUSALS = 5;

/** All that passes between the services of a case and its external systems, both ways. */
export class ExternalTraffic {
  readonly #case: ExternalSurroundings;
  /** how many calls and webhooks there were, by operation */
  readonly #calls = new Map<string, number>();
  readonly #webhooks = new Map<string, number>();
  /** who made the things that the ledger knows, by their keys: what time does to them is on the same behalf */
  readonly #owners = new Map<string, Source>();
  #callsInFlight = 0;
  #undelivered = 0;
  /** when the systems will be asked what time has done */
  #alarm: number | undefined;
  #over = false;
  readonly #told: Webhook[] = [];

  constructor(surroundings: ExternalSurroundings) {
    this.#case = surroundings;
  }

  /** All that the systems had to tell by themselves until now, whether it has been delivered or not. */
  get told(): readonly Webhook[] {
    return this.#told;
  }

  /** What has not come to its end, in words. */
  get underWay(): string[] {
    return [
      ...(this.#callsInFlight === 0 ? [] : ["a call to an external system is in flight"]),
      ...(this.#undelivered === 0 ? [] : [`${this.#undelivered} webhooks have not been accepted`]),
      ...(this.#case.world.dueAt() === undefined ? [] : ["an external system has not finished"]),
    ];
  }

  /** A service asks. "lost": it gets no answer. */
  async handle(request: ExternalRequest, from: Source): Promise<ExternalAnswer | "lost"> {
    this.#callsInFlight++;
    try {
      return await this.#handle(request, from);
    } finally {
      this.#callsInFlight--;
    }
  }

  /** The case is over: nothing is told any more. */
  end(): void {
    this.#over = true;
    for (const entry of this.#case.world.lapse("")) this.#case.record(entry, {});
  }

  async #handle(request: ExternalRequest, from: Source): Promise<ExternalAnswer | "lost"> {
    const operation = from.operation ?? "";
    const call = next(this.#calls, operation);
    const name = `${request.method} ${request.path}`;
    const before = await this.#case.moment({ at: "effect", operation, call, when: "before" }, name);
    if (before.external === "fail") return { status: 503, body: JSON.stringify({ message: "unavailable" }) };
    this.#advance();
    const { answer, ...happening } = this.#case.world.handle(request, this.#case.clock.now());
    this.#happened(happening, () => from);
    this.#setAlarm();
    const after = await this.#case.moment({ at: "effect", operation, call, when: "after" }, name);
    return after.external === "lose" ? "lost" : answer;
  }

  /** What time has done by now is on behalf of whoever made the things that it happens to. */
  #advance(): void {
    this.#happened(this.#case.world.advance(this.#case.clock.now()), (key) => this.#owners.get(key) ?? {});
  }

  #happened({ entries, webhooks = [] }: Happening, fromOf: (key: string) => Source): void {
    for (const entry of entries) {
      const from = fromOf(entry.key);
      if (!this.#owners.has(entry.key)) this.#owners.set(entry.key, from);
      this.#case.record(entry, from);
    }
    for (const webhook of webhooks) void this.#tell(webhook, this.#owners.get(webhook.about)?.operation ?? "");
  }

  #setAlarm(): void {
    const due = this.#case.world.dueAt();
    if (due === undefined || this.#over || (this.#alarm !== undefined && this.#alarm <= due)) return;
    this.#alarm = due;
    const { clock } = this.#case;
    void clock.sleep(Math.max(0, due - clock.now())).then(() => {
      if (this.#alarm === due) this.#alarm = undefined;
      if (this.#over) return;
      this.#advance();
      this.#setAlarm();
    });
  }

  /** A system tells something by itself, until it is accepted. */
  async #tell(webhook: Webhook, operation: string): Promise<void> {
    this.#undelivered++;
    this.#told.push(webhook);
    const number = next(this.#webhooks, operation);
    const at = (when: "before" | "after"): Moment => ({ at: "webhook", operation, number, when });
    const id = `${operation === "" ? "" : `${operation}.`}w${number}`;
    let times = 0;
    const deliver = () => this.#case.deliver(webhook, ++times === 1 ? id : `${id}.${times}`);
    await this.#case.moment(at("before"), webhook.type);
    await this.#untilAccepted(deliver);
    const after = await this.#case.moment(at("after"), webhook.type);
    if (after.webhook === "repeat" && !this.#over) await deliver();
    this.#undelivered--;
  }

  async #untilAccepted(deliver: () => Promise<"ok" | "fail" | "info">): Promise<void> {
    let refusals = 0;
    for (let pause = AGAIN_MS.first; !this.#over; pause = Math.min(2 * pause, AGAIN_MS.most)) {
      const outcome = await deliver();
      if (outcome === "fail") refusals++;
      if (outcome === "ok" || refusals === MOST_REFUSALS) return;
      await this.#case.clock.sleep(pause);
    }
  }
}

/** Counts one more under a name. */
function next(counts: Map<string, number>, name: string): number {
  const count = (counts.get(name) ?? 0) + 1;
  counts.set(name, count);
  return count;
}

/** A webhook as the arguments of its operation: what it is about first, its content last. */
export const argumentsOf = ({ system, id, type, about, reference, content }: Webhook): Json => ({
  type,
  about,
  ...(reference !== undefined && { reference }),
  system,
  id,
  content,
});
