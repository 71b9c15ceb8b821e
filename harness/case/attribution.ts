import { MessageType } from "../protocol/index.ts";
import { type Attempt, type Message, OPERATION_HEADER } from "../stack/index.ts";
import type { Tag } from "./tag.ts";

/** Which operation an invocation works for. */
export interface Owner {
  /** of the case */
  tag: Tag;
  operation: string;
  /** absent for the operation's own invocation; else its number among the operation's children, in order of their calls */
  child?: number;
}

interface Slot {
  owner: Owner;
  service: string;
  handler: string;
  key: string;
  input: Uint8Array;
  invocation?: string;
}

/**
 * Finds out for which operation an invocation works, from what passes between Restate and the endpoint: the client's
 * request carries the operation's name in a header, which Restate hands to the handler; a child is announced by its
 * parent's call command, and named by the notification that answers it. A child may begin before the notification has
 * passed, or in spite of one that was lost with its parent's attempt: then the oldest unnamed call with the same target and
 * the same input is taken for it, until the notification says better.
 */
export class Attribution {
  readonly #owners = new Map<string, Owner>();
  /** by parent invocation and the index by which its call command asks for the child's id: the same in every attempt */
  readonly #slots = new Map<string, Slot>();
  /** how many there are, by operation */
  readonly #children = new Map<string, number>();

  ownerOf(invocation: string): Owner | undefined {
    return this.#owners.get(invocation);
  }

  /** Learns what a message tells. */
  observe(attempt: Attempt, message: Message): void {
    if (message.type === MessageType.Input) this.#input(attempt, message);
    else if (message.type === MessageType.Call || message.type === MessageType.OneWayCall) this.#call(attempt, message);
    else if (message.type === MessageType.CallInvocationId) this.#named(attempt, message);
  }

  /** Forgets what it knows of invocations that are over. */
  forget(invocations: Iterable<string>): void {
    const gone = new Set(invocations);
    for (const invocation of gone) {
      const owner = this.#owners.get(invocation);
      if (owner) this.#children.delete(nameOf(owner));
      this.#owners.delete(invocation);
    }
    for (const [name, slot] of this.#slots)
      if ((slot.invocation && gone.has(slot.invocation)) || gone.has(name.slice(0, name.indexOf(" "))))
        this.#slots.delete(name);
  }

  #input(attempt: Attempt, message: Message): void {
    const known = this.#owners.get(attempt.invocation);
    if (known?.child === undefined && known) return;
    const { headers, value } = message.decode() as {
      headers?: { key: string; value: string }[];
      value?: { content?: Uint8Array };
    };
    const name = headers?.find(({ key }) => key === OPERATION_HEADER)?.value;
    if (!name) {
      if (!known) this.#began(attempt, value?.content ?? NO_INPUT);
      return;
    }
    // it was named as a child; the call may yet make one of its own
    if (known) this.#release(attempt.invocation);
    const slash = name.indexOf("/");
    this.#owners.set(attempt.invocation, { tag: name.slice(0, slash), operation: name.slice(slash + 1) });
  }

  /** An invocation of nobody's begins: perhaps it is a child's whose parent is known. */
  #began(attempt: Attempt, input: Uint8Array): void {
    for (const slot of this.#slots.values()) {
      if (slot.invocation || !isTarget(slot, attempt) || Buffer.compare(slot.input, input) !== 0) continue;
      slot.invocation = attempt.invocation;
      this.#owners.set(attempt.invocation, slot.owner);
      return;
    }
  }

  #call(parent: Attempt, message: Message): void {
    const owner = this.#owners.get(parent.invocation);
    if (!owner) return;
    const call = message.decode() as {
      service_name: string;
      handler_name: string;
      key?: string;
      parameter?: Uint8Array;
      invocation_id_notification_idx: number;
    };
    const name = slotName(parent.invocation, call.invocation_id_notification_idx);
    if (this.#slots.has(name)) return;
    const operation = nameOf(owner);
    const child = (this.#children.get(operation) ?? 0) + 1;
    this.#children.set(operation, child);
    this.#slots.set(name, {
      owner: { tag: owner.tag, operation: owner.operation, child },
      service: call.service_name,
      handler: call.handler_name,
      key: call.key ?? "",
      input: call.parameter ?? NO_INPUT,
    });
  }

  #named(parent: Attempt, message: Message): void {
    const { completion_id, invocation_id } = message.decode() as { completion_id?: number; invocation_id?: string };
    const slot = this.#slots.get(slotName(parent.invocation, completion_id ?? 0));
    if (!slot || !invocation_id || slot.invocation === invocation_id) return;
    this.#release(invocation_id);
    slot.invocation = invocation_id;
    this.#owners.set(invocation_id, slot.owner);
  }

  #release(invocation: string): void {
    for (const slot of this.#slots.values()) if (slot.invocation === invocation) delete slot.invocation;
  }
}

const NO_INPUT = new Uint8Array();

/** The value of the operation header. */
const nameOf = ({ tag, operation }: Owner): string => `${tag}/${operation}`;

const slotName = (parent: string, index: number): string => `${parent} ${index}`;

function isTarget(slot: Slot, attempt: Attempt): boolean {
  return slot.service === attempt.service && slot.handler === attempt.handler && slot.key === (attempt.key ?? "");
}
