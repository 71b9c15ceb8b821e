import { type Budget, defaultBudget } from "../checker.ts";
import { now } from "../search/clock.ts";
import type { Stepwise } from "../search/drive.ts";
import type { Verdict } from "../verdict.ts";
import { type Cycle, distinct, type Found, findCycles, type Scope, type Step } from "./cycles.ts";
import { dependencies } from "./dependencies.ts";
import { type Anomaly, directAnomalies } from "./direct-anomalies.ts";
import { Kind } from "./graph.ts";
import { type AnomalyName, byGravity, includes, type Level, levels, ruledOut, strongest, titleOf } from "./levels.ts";
import { Cast, formatRead, formatValue } from "./story.ts";
import type { Transaction } from "./transaction.ts";
import { Unrecoverable, versionsOf } from "./versions.ts";

/** What a history of transactions shows. */
export interface TransactionFinding {
  /** by the level that was asked for */
  verdict: Verdict;
  /** the gravest first; of each kind only some */
  anomalies: Anomaly[];
  /** the levels that these rule out, weakest first */
  ruledOut: Level[];
  /** stronger levels that were not looked at: they promise orders that the level that was asked for does not */
  unchecked: Level[];
  /** false when time ran out before all was looked for: then there may be more */
  complete: boolean;
}

/** So many anomalies of one name are shown, and of a cycle so many transactions and steps. */
const mostShown = 3;
const mostSentences = 12;

/**
 * Checks transactions over lists for the anomalies of Adya (1999) and says which isolation levels they rule out, in the
 * manner of Elle (Kingsbury and Alvaro 2020): versions are recovered from what was read, and cycles among their
 * dependencies show that there is no order. Every anomaly is certain, whatever became of transactions that nobody heard of.
 *
 * The order of real time counts for levels that promise it, and the order of each process too: others need not heed either.
 */
export class TransactionCheck implements Stepwise<TransactionFinding> {
  readonly #level: Level;
  readonly #milliseconds: number;
  readonly #transactions: readonly Transaction[];
  readonly #work: Generator<void, void>;
  readonly #direct: Anomaly[] = [];
  readonly #cycles: Found = new Map();
  #spent = 0;

  /** @param options `level`: what is asked for, by default the strongest; `budget`: of which only time counts */
  constructor(
    transactions: readonly Transaction[],
    { level = strongest, budget = {} }: { level?: Level; budget?: Budget } = {},
  ) {
    this.#transactions = transactions;
    this.#level = level;
    this.#milliseconds = budget.milliseconds ?? defaultBudget.milliseconds;
    this.#work = this.#search();
  }

  step(milliseconds: number): TransactionFinding | undefined {
    const start = now();
    const end = start + Math.min(milliseconds, this.#milliseconds - this.#spent);
    try {
      do {
        if (this.#work.next().done) return this.#finding(true);
      } while (now() < end);
    } catch (error) {
      if (!(error instanceof Unrecoverable)) throw error;
      return {
        verdict: { verdict: "unknown", reason: error.message },
        anomalies: [],
        ruledOut: [],
        unchecked: [...levels],
        complete: false,
      };
    }
    this.#spent += now() - start;
    return this.#spent < this.#milliseconds ? undefined : this.#finding(false);
  }

  *#search(): Generator<void, void> {
    const versions = versionsOf(this.#transactions);
    yield;
    const counts = new Map<AnomalyName, number>();
    for (const anomaly of directAnomalies(this.#transactions, versions)) {
      const count = (counts.get(anomaly.name) ?? 0) + 1;
      counts.set(anomaly.name, count);
      if (count <= mostShown) this.#direct.push(anomaly);
    }
    yield;
    const scopes = scopesOf(this.#level);
    const graph = dependencies(this.#transactions, versions, {
      session: scopes.some(({ suffix }) => suffix === "-session"),
      realtime: scopes.some(({ suffix }) => suffix === "-realtime"),
    });
    yield;
    yield* findCycles(graph, this.#transactions, scopes, this.#cycles);
  }

  #finding(complete: boolean): TransactionFinding {
    const cycles = distinct(this.#cycles).map((cycle) => ofCycle(this.#transactions, cycle));
    const anomalies = [...this.#direct, ...cycles].sort((a, b) => byGravity(a.name, b.name));
    const out = ruledOut(anomalies.map(({ name }) => name));
    const scopes = scopesOf(this.#level).length;
    const unchecked = levels.filter((level) => !out.includes(level) && scopesOf(level).length > scopes);
    return { verdict: this.#verdict(anomalies, out, complete), anomalies, ruledOut: out, unchecked, complete };
  }

  #verdict(anomalies: readonly Anomaly[], out: readonly Level[], complete: boolean): Verdict {
    const worst = anomalies.find(({ name }) => ruledOut([name]).includes(this.#level));
    if (worst === undefined && complete) return { verdict: "valid" };
    if (worst === undefined)
      return { verdict: "unknown", reason: `no anomaly found within ${this.#milliseconds} ms, and not all looked at` };
    const events = worst.transactions.flatMap((place) => {
      const { invoke, completion } = this.#transactions[place]!;
      return completion === undefined ? [invoke] : [invoke, completion];
    });
    return {
      verdict: "invalid",
      evidence: {
        summary: `These transactions are not ${this.#level}: ${titleOf(worst.name)} (${worst.name}). ${worst.story.join(" ")}`,
        expected: `isolation of the level ${this.#level}`,
        seen: `anomalies that rule out ${out.join(", ")}`,
        events: events.sort((a, b) => a - b),
      },
    };
  }
}

function scopesOf(level: Level): Scope[] {
  const scopes: Scope[] = [{ suffix: "", kinds: 0 }];
  if (includes(level, "strong-session-snapshot-isolation")) scopes.push({ suffix: "-session", kinds: Kind.session });
  if (includes(level, "strong-snapshot-isolation")) scopes.push({ suffix: "-realtime", kinds: Kind.realtime });
  return scopes;
}

function ofCycle(transactions: readonly Transaction[], { name, steps }: Cycle): Anomaly {
  const members = steps.map(({ from }) => from);
  const cast = new Cast(transactions, members);
  const reasons = steps.map(
    (step) => `${format(step, cast)}: ${cast.name(step.from)} comes before ${cast.name(step.to)}.`,
  );
  const end = `So ${cast.name(members[0]!)} would come before itself.`;
  return { name, transactions: members, story: [...shorten(cast.introduction()), ...shorten(reasons), end] };
}

/** A long story helps nobody: its beginning and its end do. */
function shorten(sentences: string[]): string[] {
  if (sentences.length <= mostSentences) return sentences;
  const left = sentences.length - mostSentences + 1;
  return [...sentences.slice(0, mostSentences - 2), `(${left} more like these.)`, ...sentences.slice(-1)];
}

/** Why one transaction comes before the other. */
function format({ from, to, kind, reason }: Step, cast: Cast): string {
  const [one, other] = [cast.name(from), cast.name(to)];
  if (kind === Kind.session) return `${one} and then ${other} were run by one process`;
  if (kind === Kind.realtime) return `${one} had ended before ${other} began`;
  const { key = "", before, after, read } = reason ?? {};
  if (kind === Kind.ww || kind === Kind.early)
    return `${one} appended ${before ? formatValue(before) : "something"} to ${key}, and ${other} appended ${after ? formatValue(after) : "something"} after it`;
  const shown = read ? formatRead(read) : "something";
  if (kind === Kind.wr)
    return `${one} appended ${before ? formatValue(before) : "something"} to ${key}, and ${other} read it`;
  return `${one} read ${key} as ${shown}, without ${after ? formatValue(after) : "what"}, which ${other} appended${kind === Kind.rmw ? `; both appended to ${reason?.both ?? key}` : ""}`;
}
