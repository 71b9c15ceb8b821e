import type { AttemptEvent, DeathEvent } from "../history/index.ts";
import type { Moment, When } from "../plan/index.ts";
import { MessageType } from "../protocol/index.ts";
import type {
  Attempt,
  Death,
  Decision,
  ExternalAnswer,
  ExternalRequest,
  Gate,
  Message,
  ProcessDeath,
} from "../stack/index.ts";
import { Attribution } from "./attribution.ts";
import type { Decided } from "./nemesis.ts";
import { TAG_PATTERN, type Tag } from "./tag.ts";

/** On whose behalf a service calls an external system, as far as that is known. */
export interface Source {
  operation?: string;
  invocation?: string;
  attempt?: number;
}

/** What a case wants to know of the traffic on its behalf. */
export interface CaseObserver {
  /** a moment of one of its operations */
  moment(moment: Moment, detail: string): Decided | Promise<Decided>;
  attempt(event: Omit<AttemptEvent, "type" | "at">): void;
  /** the invocation of an operation is known */
  invocation(operation: string, invocation: string): void;
  external(request: ExternalRequest, from: Source): Promise<ExternalAnswer | "lost">;
  /** a service process ended by its own doing, while the case ran */
  died(death: Omit<DeathEvent, "type" | "at">): void;
  /** a part of our own machinery failed while the case ran: it proves nothing */
  machineryFailed(how: string): void;
}

/** The gate of a stack that many cases share: attributes the traffic and passes it on to the case that it belongs to. */
export class TrafficRouter implements Gate {
  readonly #parties = new Map<Tag, CaseObserver>();
  readonly #attribution = new Attribution();
  readonly #open = new Map<string, Attempt>();
  /** attempts that have begun, while nobody knew for whom */
  readonly #unattributed = new Set<string>();
  /** calls of these attempts wait */
  readonly #held = new Map<string, Promise<void>>();
  readonly #invocations = new Map<Tag, Set<string>>();

  join(tag: Tag, party: CaseObserver): void {
    this.#parties.set(tag, party);
    this.#invocations.set(tag, new Set());
  }

  /** Forgets the case; returns the invocations that worked for it. */
  leave(tag: Tag): string[] {
    const invocations = [...(this.#invocations.get(tag) ?? [])];
    this.#attribution.forget(invocations);
    this.#parties.delete(tag);
    this.#invocations.delete(tag);
    return invocations;
  }

  /** An invocation works for the case, as a client was told: it may be due much later. */
  works(tag: Tag, invocation: string): void {
    this.#invocations.get(tag)?.add(invocation);
  }

  invocationsOf(tag: Tag): ReadonlySet<string> {
    return this.#invocations.get(tag) ?? new Set();
  }

  /** Requests to external systems by the attempts that are open now wait until the returned function is called. */
  holdCallsOfOpenAttempts(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    for (const id of this.#open.keys()) this.#held.set(id, promise);
    return resolve;
  }

  opened(attempt: Attempt): void {
    const id = attemptId(attempt);
    this.#open.set(id, attempt);
    if (!this.#tell(attempt, "started")) this.#unattributed.add(id);
  }

  before(attempt: Attempt, message: Message): Decision | Promise<Decision> {
    this.#attribution.observe(attempt, message);
    // its invocation may also have been named meanwhile, by what its parent was told
    if (this.#unattributed.size > 0) this.#attributed(attempt);
    if (message.direction === "to-server") this.#ending(attempt, message);
    return this.#moment(attempt, message, "before");
  }

  after(attempt: Attempt, message: Message): Decision | Promise<Decision> {
    return this.#moment(attempt, message, "after");
  }

  closed(attempt: Attempt, clean: boolean): void {
    const id = attemptId(attempt);
    this.#open.delete(id);
    this.#unattributed.delete(id);
    if (!clean) this.#tell(attempt, "lost");
  }

  async external(request: ExternalRequest): Promise<ExternalAnswer | "lost"> {
    const { from } = request;
    if (from) await this.#held.get(`${from.invocation}/${from.attempt}`);
    const owner = from && this.#attribution.ownerOf(from.invocation);
    const tag = owner?.tag ?? TAG_PATTERN.exec(request.path + request.body)?.[0];
    const party = tag === undefined ? undefined : this.#parties.get(tag);
    // a straggler of a case that is over: nobody is left to be affected
    if (!party) return "lost";
    return party.external(request, {
      ...(owner && { operation: owner.operation }),
      ...from,
    });
  }

  /** A service process of a simulated stack has died of its own doing. */
  died({ message, place }: ProcessDeath): void {
    for (const party of this.#parties.values()) party.died({ how: message, ...(place !== undefined && { place }) });
  }

  /** A part of a real stack has ended. */
  partDied({ part, how, expected, output }: Death): void {
    if (expected) return;
    for (const party of this.#parties.values())
      if (part === "service process") party.died({ how, output });
      else
        party.machineryFailed(`${part} ended by itself: ${how}${output === "" ? "" : `; its last lines: ${output}`}`);
  }

  #moment(attempt: Attempt, message: Message, when: When): Decision | Promise<Decision> {
    const owner = this.#attribution.ownerOf(attempt.invocation);
    const party = owner && this.#parties.get(owner.tag);
    if (!party) return undefined;
    const { operation, child } = owner;
    const { direction, index } = message;
    // most of what passes is this: written out, since a spread costs more than all the rest
    const moment: Moment =
      child === undefined
        ? { at: "message", operation, attempt: attempt.number, direction, message: index, when }
        : { at: "message", operation, child, attempt: attempt.number, direction, message: index, when };
    const outcome = party.moment(moment, message.name);
    return outcome instanceof Promise ? outcome.then(({ decision }) => decision) : outcome.decision;
  }

  #attributed(attempt: Attempt): void {
    const id = attemptId(attempt);
    if (this.#unattributed.has(id) && this.#tell(attempt, "started")) this.#unattributed.delete(id);
  }

  #ending(attempt: Attempt, message: Message): void {
    if (message.type === MessageType.End) this.#tell(attempt, "ended");
    else if (message.type === MessageType.Suspension) this.#tell(attempt, "suspended");
    else if (message.type === MessageType.Error) {
      const { code, message: text } = message.decode() as { code?: number; message?: string };
      this.#tell(attempt, "failed", { code: code ?? 0, message: text ?? "" });
    }
  }

  /** Tells the case that it is of, if that is known. */
  #tell(attempt: Attempt, phase: AttemptEvent["phase"], more: Pick<AttemptEvent, "code" | "message"> = {}): boolean {
    const owner = this.#attribution.ownerOf(attempt.invocation);
    const party = owner && this.#parties.get(owner.tag);
    if (!party) return false;
    const { tag, operation, child } = owner;
    if (phase === "started") {
      this.#invocations.get(tag)?.add(attempt.invocation);
      if (child === undefined) party.invocation(operation, attempt.invocation);
    }
    party.attempt({
      operation,
      ...(child !== undefined && { child }),
      invocation: attempt.invocation,
      target: targetOf(attempt),
      attempt: attempt.number,
      phase,
      ...more,
    });
    return true;
  }
}

const targetOf = ({ service, key, handler }: Attempt): string =>
  key === undefined ? `${service}/${handler}` : `${service}/${key}/${handler}`;
const attemptId = (attempt: Attempt): string => `${attempt.invocation}/${attempt.number}`;
