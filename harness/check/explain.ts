import type { RecordedOperation } from "./judge.ts";
import type { Model } from "./model.ts";
import type { Contradiction } from "./search/contradiction.ts";
import type { Violation } from "./search/search.ts";
import type { Evidence } from "./verdict.ts";
import { describe } from "./words.ts";

/** A long explanation helps nobody. So much is shown of each: operations of a contradiction in sentences, and as events, ... */
const mostInWords = 6;
const mostShown = 50;
/** ... states, operations beside another one, and operations at the end of an order. */
const mostStates = 4;
const mostBeside = 4;
const mostLast = 3;

/** Tells a reader who knows neither the search nor the model why there is no linearization. */
export function explain<State, Input, Output>(
  model: Model<State, Input, Output>,
  recorded: readonly RecordedOperation<Input, Output>[],
  violation: Violation,
  contradiction: Contradiction,
): Evidence {
  const story = new Story(model, recorded, violation);
  return {
    summary: [story.problem(), story.beside(), story.contradiction(contradiction)].filter(Boolean).join(" "),
    expected: story.bestOrder(),
    seen: story.words(violation.blocked),
    events: eventsOf(recorded, contradiction.operations),
    partials: violation.deadEnds.map(({ order }) => order.map((operation) => recorded[operation]!.invoke)),
  };
}

class Story<State, Input, Output> {
  readonly #model: Model<State, Input, Output>;
  readonly #recorded: readonly RecordedOperation<Input, Output>[];
  readonly #violation: Violation;

  constructor(
    model: Model<State, Input, Output>,
    recorded: readonly RecordedOperation<Input, Output>[],
    violation: Violation,
  ) {
    this.#model = model;
    this.#recorded = recorded;
    this.#violation = violation;
  }

  /** "read() -> 2 (o3)" */
  words(operation: number): string {
    const { observed, name } = this.#recorded[operation]!;
    return `${describe(this.#model, observed.input, observed.output)} (${name})`;
  }

  /** Which operation cannot be fitted, and why. */
  problem(): string {
    const { blocked, states, deadEnds } = this.#violation;
    const best = deadEnds.find((end) => end.blocked === blocked) ?? deadEnds[0]!;
    const known = states ?? [best.state];
    const leaves = alternatives(known, known.length - mostStates);
    const orders = best.order.length === 0 ? "At that time" : "After every order that fits the answers before it,";
    const after = states === undefined ? "After the longest order that fits," : orders;
    return `${this.words(blocked)} has no place in any order. ${after} ${leaves}.`;
  }

  /** What else was going on while it was open. */
  beside(): string {
    const { blocked, operations } = this.#violation;
    const { call, return: end = Number.POSITIVE_INFINITY } = this.#recorded[blocked]!.observed;
    const answered: number[] = [];
    let pending = 0;
    for (const operation of operations) {
      const { observed } = this.#recorded[operation]!;
      if (operation === blocked || observed.call > end) continue;
      if (observed.return === undefined) pending++;
      else if (observed.return >= call) answered.push(operation);
    }
    const shown = answered.slice(0, mostBeside).map((operation) => this.words(operation));
    const more = answered.length > shown.length ? [`${answered.length - shown.length} others`] : [];
    const overlaps = answered.length > 0 ? `It overlaps ${list([...shown, ...more], "and")}.` : "It overlaps nothing.";
    if (pending === 0) return overlaps;
    const open = pending === 1 ? "One operation" : `${pending} operations`;
    return `${overlaps} ${open} before it never answered (-> ?), and may have taken effect at any time since, or never.`;
  }

  /** The operations that contradict each other, in the order of time; nothing where they are too many, or only the one. */
  contradiction({ operations, minimal }: Contradiction): string {
    if (!minimal) return "A part of these operations may be enough to show it.";
    if (operations.length === 1) return "Nothing that was asked before explains it.";
    const extent = `these ${operations.length} operations are enough to show it`;
    const shown = operations.length > mostShown ? `, of which the last ${mostShown} are shown` : "";
    if (operations.length > mostInWords) return `Whatever became of all others, ${extent}${shown}.`;
    return `Whatever became of all others, ${extent}: ${this.#inTime(operations)}.`;
  }

  /** How far an order can go at best. */
  bestOrder(): string {
    const { blocked, operations, deadEnds } = this.#violation;
    const { order, state } = deadEnds.find((end) => end.blocked === blocked) ?? deadEnds[0]!;
    if (order.length === 0) return `an answer that fits at the beginning: ${state}`;
    const last = order.slice(-mostLast).map((operation) => this.words(operation));
    const before = order.length > last.length ? "the last are " : "";
    return `an answer that fits; the longest order up to there explains ${order.length} of ${operations.length} operations: ${before}${last.join(", ")}; then ${state}`;
  }

  /** Each one began after all those before it had answered, or while some of them were open. */
  #inTime(operations: readonly number[]): string {
    const observed = (operation: number) => this.#recorded[operation]!.observed;
    const inTime = [...operations].sort((a, b) => observed(a).call - observed(b).call);
    const sentences = inTime.map((operation, place) => {
      const open = inTime
        .slice(0, place)
        .filter((other) => (observed(other).return ?? Number.POSITIVE_INFINITY) >= observed(operation).call);
      if (place === 0) return this.words(operation);
      if (open.length === 0) return `then ${this.words(operation)}`;
      const names = open.map((other) => this.#recorded[other]!.name);
      return `${this.words(operation)}, which began while ${list(names, "and")} ${open.length === 1 ? "was" : "were"} open`;
    });
    return sentences.join("; ");
  }
}

/** "the register holds 1, 2 or 3": sentences that differ in their last word become one. */
function alternatives(sentences: readonly string[], others: number): string {
  const shown = sentences.slice(0, mostStates);
  const ends = shown.map((sentence) => sentence.slice(sentence.lastIndexOf(" ") + 1));
  const begin = (place: number) => shown[place]!.slice(0, shown[place]!.length - ends[place]!.length);
  const isAlike = shown.every((_, place) => begin(place) === begin(0));
  const more = others > 0 ? [`one of ${others} others`] : [];
  return isAlike ? begin(0) + list([...ends, ...more], "or") : list([...shown, ...more], "or");
}

function list(items: readonly string[], conjunction: "and" | "or"): string {
  if (items.length <= 1) return items.join("");
  return `${items.slice(0, -1).join(", ")} ${conjunction} ${items.at(-1)}`;
}

function eventsOf<Input, Output>(
  recorded: readonly RecordedOperation<Input, Output>[],
  operations: readonly number[],
): number[] {
  return operations
    .slice(-mostShown)
    .flatMap((operation) => {
      const { invoke, completion } = recorded[operation]!;
      return completion === undefined ? [invoke] : [invoke, completion];
    })
    .sort((a, b) => a - b);
}
