import type { InvocationStatus, Stack } from "../stack/index.ts";
import { isOf, type Tag } from "./tag.ts";

const POLL_MS = 12;
/**
 * So many looks in a row must find nothing: what one invocation sends is shown by neither side for a moment, which a busy
 * machine makes longer. In virtual time there is no such moment.
 */
const QUIET_LOOKS = { virtual: 2, real: 4 };
/** A delayed invocation counts as unfinished only when it is due within this time. */
const HORIZON_MS = 10_000;

/** Waits for the invocations of cases to end. All that wait on a stack share each look at it. */
export class Quiescence {
  readonly #stack: Stack;
  #look: Promise<InvocationStatus[]> | undefined;

  constructor(stack: Stack) {
    this.#stack = stack;
  }

  /**
   * Settles when nothing of the case is unfinished, a few times in a row, or when there is no hope of that any more.
   * @param invocations those that are known to work for the case
   * @param underWay what else of the case is under way, in words
   * @param isOver whether to give up
   * @returns what has not ended, in words
   */
  async reached(
    tag: Tag,
    invocations: () => ReadonlySet<string>,
    underWay: () => string[],
    isOver: () => boolean,
  ): Promise<string[]> {
    const needed = QUIET_LOOKS[this.#stack.capabilities.has("virtual-time") ? "virtual" : "real"];
    for (let quiet = 0; ; ) {
      const known = invocations();
      const unfinished = (await this.#nextLook()).filter(
        (status) => (isOf(status, tag) || known.has(status.id)) && !this.#isLater(status),
      );
      quiet = unfinished.length === 0 && underWay().length === 0 ? quiet + 1 : 0;
      if (quiet === needed) return [];
      if (isOver()) return [...unfinished.map(describe), ...underWay()];
    }
  }

  #isLater({ status, due }: InvocationStatus): boolean {
    return status === "scheduled" && due !== undefined && due > this.#stack.clock.now() + HORIZON_MS;
  }

  /** A look that begins after now. */
  #nextLook(): Promise<InvocationStatus[]> {
    this.#look ??= this.#stack.clock.sleep(POLL_MS).then(() => {
      this.#look = undefined;
      return this.#stack.probe.unfinished();
    });
    return this.#look;
  }
}

function describe({ service, key, handler, status, failure }: InvocationStatus): string {
  const target = [service, key, handler].filter((part) => part !== undefined).join("/");
  // the rest is a stack trace
  const [reason] = (failure ?? "").split("\n");
  return `${target} is ${status}${reason ? `: ${reason}` : ""}`;
}
