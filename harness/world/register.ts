import { z } from "zod";
import type { LedgerEvent } from "../history/index.ts";
import type { Json } from "../plan/index.ts";
import type { ExternalCall, LedgerEntry, Reaction } from "./system.ts";

/** Something that a system keeps book of: a reservation, a payment. */
export interface Thing<State extends string> {
  readonly id: string;
  readonly reference?: string;
  state: State;
}

/**
 * The answers of a system about its things, each with its entry in the ledger. The `key` of an entry is the id of the
 * thing, so that all that ever happened to it is found under one key; its `data.state` is the state that it is left in.
 */
export class Register<State extends string, T extends Thing<State>> {
  readonly system: string;
  readonly #things = new Map<string, T>();
  #unkeyed = 0;

  constructor(system: string) {
    this.system = system;
  }

  get(id: string): T | undefined {
    return this.#things.get(id);
  }

  put(thing: T): T {
    this.#things.set(thing.id, thing);
    return thing;
  }

  values(): Iterable<T> {
    return this.#things.values();
  }

  /** What a call without a key is known by: each one is another. */
  keyOf({ key }: ExternalCall): string {
    return key ?? `unkeyed-${++this.#unkeyed}`;
  }

  /** The call changed the thing, to its present state. */
  changed(call: ExternalCall, thing: T, data: Record<string, Json> = {}): Reaction {
    return this.#answer(call, 200, thing.id, "effect", { state: thing.state, ...data });
  }

  /** The thing already is as the call wants it. */
  unchanged(call: ExternalCall, thing: T): Reaction {
    return this.#answer(call, 200, thing.id, "repeat", { state: thing.state });
  }

  refused(call: ExternalCall, id: string, status: number, message: string): Reaction {
    return this.#answer(call, status, id, "refusal", { status, message });
  }

  /** Time changed the thing, to its present state. */
  lapsed(thing: T): LedgerEntry {
    return this.#entry("lapse", "lapse", thing.id, thing.reference, { state: thing.state });
  }

  /** Reads the content of a call; on a mistake, the refusal that names the field. */
  read<Content>(call: ExternalCall, Content: z.ZodType<Content>): { content: Content } | { refusal: Reaction } {
    const { success, data, error } = Content.safeParse(call.content);
    return success ? { content: data } : { refusal: this.refused(call, call.key ?? "", 400, z.prettifyError(error)) };
  }

  #answer(
    call: ExternalCall,
    status: number,
    id: string,
    type: LedgerEvent["type"],
    data: Record<string, Json>,
  ): Reaction {
    const body = type === "refusal" ? { message: data.message ?? "" } : { id, state: data.state ?? "" };
    return { status, body, entries: [this.#entry(type, call.action, id, call.reference, data)] };
  }

  #entry(
    type: LedgerEvent["type"],
    action: string,
    key: string,
    reference: string | undefined,
    data: Record<string, Json>,
  ): LedgerEntry {
    return { type, system: this.system, action, key, ...(reference === undefined ? {} : { reference }), data };
  }
}
