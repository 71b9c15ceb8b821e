import type { Operation } from "../plan/index.ts";
import type { Completion } from "./client.ts";
import type { Contract } from "./contract.ts";

/** What Restate answers when somebody cancelled or terminated the invocation. */
const ENDED = 409;

/** Knows which invocations somebody has asked to end, so that a client's "it was ended" is not taken for "it did not happen". */
export class Interruptions {
  readonly #contract: Contract;
  readonly #operations: ReadonlyMap<string, Operation>;
  readonly #cancelled = new Set<string>();
  readonly #terminated = new Set<string>();

  constructor(operations: readonly Operation[], contract: Contract) {
    this.#operations = new Map(operations.map((one) => [one.id, one]));
    this.#contract = contract;
  }

  /** To be told of every operation when it is invoked. */
  invoked({ kind, of }: Operation): void {
    const target = of === undefined ? undefined : this.#operations.get(of);
    if (!target) return;
    if (kind === "cancel") this.#cancelled.add(this.#name(target));
    else if (kind === "terminate") this.#terminated.add(this.#name(target));
  }

  /**
   * What a completion says of whether the operation happened: a refusal that comes from a cancellation or termination
   * leaves it open, unless the pattern promises that who is cancelled has done nothing.
   */
  heeded(operation: Operation, completion: Completion): Completion {
    if (completion.type !== "fail" || completion.code !== ENDED) return completion;
    const about = operation.kind === "attach" ? this.#operations.get(operation.of ?? "") : operation;
    if (!about) return completion;
    const name = this.#name(about);
    const isTerminated = this.#terminated.has(name);
    if (!isTerminated && (!this.#cancelled.has(name) || this.#contract.isUndoneByCancel(about))) return completion;
    const { code, message, invocation } = completion;
    return {
      type: "info",
      reason: `somebody ${isTerminated ? "terminated" : "cancelled"} it: ${message}`,
      error: { code, message },
      ...(invocation !== undefined && { invocation }),
    };
  }

  /** Operations with the same identity are interrupted together. */
  #name(operation: Operation): string {
    return this.#contract.identity(operation) ?? operation.id;
  }
}
