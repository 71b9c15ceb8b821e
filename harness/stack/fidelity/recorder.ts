import { MessageType } from "../../protocol/index.ts";
import { OPERATION_HEADER } from "../headers.ts";
import type { Attempt, Decision, ExternalAnswer, ExternalRequest, Gate, Injection, Message } from "../stack.ts";
import type { Ending } from "./guest.ts";

/** A place in an attempt: a message, and whether it has been delivered. */
export interface Place {
  /** "service/handler" */
  target: string;
  attempt: number;
  direction: Message["direction"];
  index: number;
  when: "before" | "after";
}
export const placeName = ({ target, attempt, direction, index, when }: Place): string =>
  `${when} message ${index} ${direction} of attempt ${attempt} of ${target}`;

/**
 * What strikes at a place. `end` means the invocation that is there, or the one that a request of the guest with the
 * idempotency key `whose` has made.
 */
export type Strike = { cut: Exclude<Decision, undefined> } | { inject: Injection } | { end: Ending; whose?: string };

/** One attempt, message by message. */
export interface RecordedAttempt {
  invocation: string;
  target: string;
  number: number;
  /** what Restate sent and what the endpoint sent, each in order, in words */
  down: string[];
  up: string[];
}

interface Watch {
  place?: Place;
  strike?: Strike;
  struck: boolean;
  attempts: RecordedAttempt[];
  puts: string[];
  blow: Blow;
}
/** How a strike that is not a cut acts on the stack, on an invocation in particular; settles when it has. */
export type Blow = (strike: Exclude<Strike, { cut: unknown }>, invocation: string) => Promise<unknown>;

/**
 * Sees what passes for each of many guests at the same time: records it in a form that can be compared, and strikes once.
 * It plays the shelf, too.
 */
export class Recorder implements Gate {
  readonly #watches = new Map<string, Watch>();
  readonly #attempts = new Map<
    string,
    { record: RecordedAttempt; guest: string | undefined; isListed: boolean; over: boolean }
  >();

  watch(guest: string, blow: Blow, place?: Place, strike?: Strike): Watch {
    const watch: Watch = {
      struck: false,
      attempts: [],
      puts: [],
      blow,
      ...(place && { place }),
      ...(strike && { strike }),
    };
    this.#watches.set(guest, watch);
    return watch;
  }

  opened(attempt: Attempt): void {
    const target = `${attempt.service}/${attempt.handler}`;
    const record = { invocation: attempt.invocation, target, number: attempt.number, down: [], up: [] };
    const entry = { record, guest: undefined, isListed: false, over: false };
    this.#attempts.set(idOf(attempt), entry);
    for (const guest of this.#watches.keys()) if (attempt.key?.startsWith(guest)) this.#belongs(attempt, guest);
  }

  before(attempt: Attempt, message: Message): Decision | Promise<Decision> {
    if (message.type === MessageType.Input) this.#learn(attempt, message);
    this.#record(attempt, message);
    return this.#at(attempt, message, "before");
  }
  after(attempt: Attempt, message: Message): Decision | Promise<Decision> {
    return this.#at(attempt, message, "after");
  }
  closed(): void {}

  async external({ body }: ExternalRequest): Promise<ExternalAnswer> {
    const { name, value } = JSON.parse(body) as { name: string; value: unknown };
    for (const [guest, { puts }] of this.#watches)
      if (name.startsWith(guest) || String(value).startsWith(guest)) puts.push(name.replaceAll(guest, "@"));
    return { status: 200, body: JSON.stringify(value) };
  }

  #belongs(attempt: Attempt, guest: string): void {
    const entry = this.#attempts.get(idOf(attempt))!;
    if (entry.guest !== undefined) return;
    entry.guest = guest;
  }

  /** Without a key, the headers of the request say on whose behalf it runs. */
  #learn(attempt: Attempt, message: Message): void {
    const { headers } = message.decode() as { headers: { key: string; value: string }[] };
    const guest = headers.find(({ key }) => key === OPERATION_HEADER)?.value;
    if (guest !== undefined && this.#watches.has(guest)) this.#belongs(attempt, guest);
  }

  #record(attempt: Attempt, message: Message): void {
    const entry = this.#attempts.get(idOf(attempt));
    // what Restate sends after the last word of the endpoint is a matter of chance
    if (!entry || entry.over) return;
    const { record, guest } = entry;
    // an attempt that ends before its first message leaves no trace on every stack
    const attempts = this.#watches.get(guest ?? "")?.attempts;
    if (attempts && !entry.isListed) attempts.push(record);
    entry.isListed = attempts !== undefined;
    const text = wordsFor(message).replaceAll(guest ?? "\0", "@");
    if (message.direction === "to-endpoint") record.down.push(text);
    else record.up.push(text);
    entry.over = LAST.has(message.type);
  }

  #at(attempt: Attempt, message: Message, when: Place["when"]): Decision | Promise<Decision> {
    const entry = this.#attempts.get(idOf(attempt));
    const watch = this.#watches.get(entry?.guest ?? "");
    if (!entry || !watch?.place || watch.struck || !isAt(watch.place, attempt, message, when)) return undefined;
    watch.struck = true;
    const { strike } = watch;
    if (!strike) return undefined;
    if ("cut" in strike) return strike.cut;
    // what still passes while a deadly blow falls is a matter of chance
    if ("inject" in strike || (strike.end === "kill" && strike.whose === undefined)) entry.over = true;
    // the message waits until the blow has fallen
    return watch.blow(strike, attempt.invocation).then(() => undefined);
  }
}

const LAST: ReadonlySet<number> = new Set([MessageType.End, MessageType.Error, MessageType.Suspension]);
const idOf = ({ invocation, number }: Attempt): string => `${invocation}/${number}`;

function isAt(place: Place, attempt: Attempt, message: Message, when: Place["when"]): boolean {
  return (
    place.when === when &&
    place.index === message.index &&
    place.direction === message.direction &&
    place.attempt === attempt.number &&
    place.target === `${attempt.service}/${attempt.handler}`
  );
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

function wordsFor(message: Message): string {
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
