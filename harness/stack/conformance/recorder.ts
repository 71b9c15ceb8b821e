import { MessageType } from "../../protocol/index.ts";
import { OPERATION_HEADER } from "../headers.ts";
import type { Attempt, Decision, ExternalAnswer, ExternalRequest, Gate, Injection, Message } from "../stack.ts";
import type { Guide, Passed } from "./guide.ts";
import type { Ending } from "./test-client.ts";

/** A place between two messages of an attempt: a message, and whether it has been delivered. */
export interface CrashPoint {
  /** "service/handler", and the label of the invocation where it has one */
  target: string;
  attempt: number;
  direction: Message["direction"];
  index: number;
  when: "before" | "after";
}
export const crashPointName = ({ target, attempt, direction, index, when }: CrashPoint): string =>
  `${when} message ${index} ${direction} of attempt ${attempt} of ${target}`;

/**
 * The fault that strikes at a crash point. `end` means the invocation that is there, or the one that a request of the client with the
 * idempotency key `whose` has made.
 */
export type Fault = { cut: Exclude<Decision, undefined> } | { inject: Injection } | { end: Ending; whose?: string };

/** One attempt, message by message. */
export interface RecordedAttempt {
  invocation: string;
  target: string;
  number: number;
  /** what Restate sent and what the endpoint sent, each in order, in words */
  down: string[];
  up: string[];
}

/** What is seen of one client, as it happens. */
export interface Watch {
  crashPoint?: CrashPoint;
  fault?: Fault;
  injected: boolean;
  attempts: RecordedAttempt[];
  puts: string[];
  /** all that passed, in its order */
  order: Passed[];
  /** ids of awakeables that the client is to complete */
  published: { awakeable: string; rejected: boolean }[];
  /** how much has happened that had not happened before: what is only tried again does not count */
  progress: number;
  inject: Inject;
}
/** How a fault that is not a cut acts on the stack, on an invocation in particular; settles when it has. */
export type Inject = (fault: Exclude<Fault, { cut: unknown }>, invocation: string) => Promise<unknown>;

/**
 * Sees what passes for each of many clients at the same time: records it in a form that can be compared, and injects its fault once.
 * It plays the external system, too.
 */
export class Recorder implements Gate {
  readonly #guide: Guide | undefined;
  readonly #watches = new Map<string, Watch>();
  /** how often the external system was called, by name */
  readonly #tries = new Map<string, number>();
  /** what has been seen, for telling what is new */
  readonly #seen = new Set<string>();
  readonly #attempts = new Map<
    string,
    { record: RecordedAttempt; client: string | undefined; isListed: boolean; over: boolean }
  >();

  /** @param guide holds messages until it is their turn */
  constructor(guide?: Guide) {
    this.#guide = guide;
  }

  /** Looks no more. */
  forget(client: string): void {
    this.#watches.delete(client);
    for (const [id, entry] of this.#attempts) if (entry.client === client) this.#attempts.delete(id);
    for (const name of this.#tries.keys()) if (name.startsWith(client)) this.#tries.delete(name);
  }

  watch(client: string, inject: Inject, crashPoint?: CrashPoint, fault?: Fault): Watch {
    const watch: Watch = {
      injected: false,
      attempts: [],
      puts: [],
      order: [],
      published: [],
      progress: 0,
      inject,
      ...(crashPoint && { crashPoint }),
      ...(fault && { fault }),
    };
    this.#watches.set(client, watch);
    return watch;
  }

  opened(attempt: Attempt): void {
    const target = `${attempt.service}/${attempt.handler}`;
    const record = { invocation: attempt.invocation, target, number: attempt.number, down: [], up: [] };
    const entry = { record, client: undefined, isListed: false, over: false };
    this.#attempts.set(idOf(attempt), entry);
    for (const client of this.#watches.keys()) if (attempt.key?.startsWith(client)) this.#belongs(attempt, client);
  }

  before(attempt: Attempt, message: Message): Decision | Promise<Decision> {
    if (message.type === MessageType.Input) this.#learn(attempt, message);
    const turn = this.#turn(attempt, message);
    if (turn) return turn.then(() => this.#pass(attempt, message));
    return this.#pass(attempt, message);
  }
  #pass(attempt: Attempt, message: Message): Decision | Promise<Decision> {
    this.#record(attempt, message);
    return this.#at(attempt, message, "before");
  }
  #turn(attempt: Attempt, message: Message): Promise<void> | undefined {
    const entry = this.#attempts.get(idOf(attempt));
    if (!this.#guide || !entry || entry.over || message.type === MessageType.Start) return undefined;
    const text = formatMessage(message).replaceAll(entry.client ?? "\0", "@");
    return this.#guide.turn({
      target: entry.record.target,
      attempt: attempt.number,
      direction: message.direction,
      text,
    });
  }
  after(attempt: Attempt, message: Message): Decision | Promise<Decision> {
    return this.#at(attempt, message, "after");
  }
  closed(): void {}

  async external({ body }: ExternalRequest): Promise<ExternalAnswer> {
    const { name, value, failures = 0 } = JSON.parse(body) as { name: string; value: unknown; failures?: number };
    const tries = (this.#tries.get(name) ?? 0) + 1;
    this.#tries.set(name, tries);
    for (const [client, watch] of this.#watches) {
      if (!name.startsWith(client) && !String(value).startsWith(client)) continue;
      if (isPublished(value)) watch.published.push(value);
      watch.puts.push(name.replaceAll(client, "@"));
      if (tries === 1) watch.progress++;
    }
    return tries <= failures ? { status: 500, body: "" } : { status: 200, body: JSON.stringify(value) };
  }

  #belongs(attempt: Attempt, client: string): void {
    const entry = this.#attempts.get(idOf(attempt))!;
    if (entry.client !== undefined) return;
    entry.client = client;
  }

  /** Without a key, the headers of the request say on whose behalf it runs; or its input does, and what it is called. */
  #learn(attempt: Attempt, message: Message): void {
    const { headers, value } = message.decode() as {
      headers: { key: string; value: string }[];
      value?: { content: Uint8Array };
    };
    const { client, label } = inputOf(value?.content);
    const entry = this.#attempts.get(idOf(attempt));
    if (entry && label !== undefined) entry.record.target += ` ${label}`;
    const name = client ?? headers.find(({ key }) => key === OPERATION_HEADER)?.value;
    if (name !== undefined && this.#watches.has(name)) this.#belongs(attempt, name);
  }

  #record(attempt: Attempt, message: Message): void {
    const entry = this.#attempts.get(idOf(attempt));
    // what Restate sends after the last word of the endpoint is a matter of chance
    if (!entry || entry.over) return;
    const { record, client } = entry;
    // an attempt that ends before its first message leaves no trace on every stack
    const attempts = this.#watches.get(client ?? "")?.attempts;
    if (attempts && !entry.isListed) attempts.push(record);
    entry.isListed = attempts !== undefined;
    const text = formatMessage(message).replaceAll(client ?? "\0", "@");
    if (message.direction === "to-endpoint") record.down.push(text);
    else record.up.push(text);
    const watch = this.#watches.get(client ?? "");
    const news = `${record.invocation} ${text}`;
    const { target, number } = record;
    if (message.type !== MessageType.Start)
      watch?.order.push({ target, attempt: number, direction: message.direction, text });
    if (watch && !this.#seen.has(news)) watch.progress++;
    this.#seen.add(news);
    entry.over = LAST.has(message.type);
  }

  #at(attempt: Attempt, message: Message, when: CrashPoint["when"]): Decision | Promise<Decision> {
    const entry = this.#attempts.get(idOf(attempt));
    const watch = this.#watches.get(entry?.client ?? "");
    if (!entry || !watch?.crashPoint || watch.injected || !isAt(watch.crashPoint, entry.record, message, when))
      return undefined;
    watch.injected = true;
    const { fault } = watch;
    if (!fault) return undefined;
    if ("cut" in fault) return fault.cut;
    // what still passes while a deadly fault strikes is a matter of chance
    if ("inject" in fault || (fault.end === "kill" && fault.whose === undefined)) entry.over = true;
    // the message waits until the fault has struck
    return watch.inject(fault, attempt.invocation).then(() => undefined);
  }
}

const LAST: ReadonlySet<number> = new Set([MessageType.End, MessageType.Error, MessageType.Suspension]);
const idOf = ({ invocation, number }: Attempt): string => `${invocation}/${number}`;

function isAt(crashPoint: CrashPoint, attempt: RecordedAttempt, message: Message, when: CrashPoint["when"]): boolean {
  return (
    crashPoint.when === when &&
    crashPoint.index === message.index &&
    crashPoint.direction === message.direction &&
    crashPoint.attempt === attempt.number &&
    crashPoint.target === attempt.target
  );
}

const isPublished = (value: unknown): value is Watch["published"][number] =>
  typeof value === "object" && value !== null && "awakeable" in value;

/** What the input of a generated program says of itself. */
function inputOf(content: Uint8Array | undefined): { client?: string; label?: string } {
  const text = Buffer.from(content ?? []).toString();
  if (!text.startsWith('{"client":')) return {};
  return JSON.parse(text) as { client: string; label: string };
}

/** What is never the same twice, and means nothing. */
const LEFT_OUT = new Set([
  "id",
  "debug_id",
  "random_seed",
  "duration_since_last_stored_entry",
  "retry_count_since_last_stored_entry",
  "wake_up_time",
  "invoke_time",
  "stacktrace",
  "headers",
]);

function formatMessage(message: Message): string {
  return `${message.name} ${normal(message.decode())}`;
}

/** A value as text, without what is never the same twice. */
export function normal(value: unknown): string {
  const plain = (_: string, part: unknown): unknown => {
    if (part instanceof Uint8Array) return Buffer.from(part).toString("latin1");
    if (Array.isArray(part))
      return part.every((item) => typeof item === "number") ? part.toSorted((a, b) => a - b) : part;
    if (!part || typeof part !== "object") return part;
    const { type, data } = part as { type?: string; data?: number[] };
    if (type === "Buffer" && data) return Buffer.from(data).toString("latin1");
    const kept = Object.entries(part).filter(([name, item]) => !LEFT_OUT.has(name) && !isEmpty(item));
    return Object.fromEntries(kept.sort(([a], [b]) => (a < b ? -1 : 1)));
  };
  return JSON.stringify(value, plain)
    .replace(/(inv|sign|prom)_1[\w-]+/g, "$1_X")
    .replace(/\b1[67]\d{11}\b/g, "TIME");
}
const isEmpty = (item: unknown): boolean => item === "" || item === 0 || (Array.isArray(item) && item.length === 0);
