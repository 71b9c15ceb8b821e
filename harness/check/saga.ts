import { type History, type LedgerEvent, ledger, type Performed, performed } from "../history/index.ts";
import type { Checker } from "./checker.ts";
import { eventsOf, invalid, nameOf } from "./evidence.ts";
import type { Verdict } from "./verdict.ts";

/** What an entry of the ledger does to a step of a saga; a lapse undoes it by itself, at any time. */
export interface SagaEntry {
  saga: string;
  step: string;
  does: "take" | "confirm" | "undo" | "lapse";
}

export interface Saga {
  /** in the order in which they are taken */
  steps: readonly string[];
  /** steps that stand only once they are confirmed */
  confirmed?: readonly string[];
  /** changes only: effects and lapses */
  entry(entry: LedgerEvent): SagaEntry | undefined;
  /** sagas that owe nothing, such as those that were terminated */
  exempt?(saga: string, history: History): boolean;
  /** what an operation was told of a saga: that it was carried out, or that it was not */
  told?(one: Performed): { saga: string; done: boolean } | undefined;
}

/**
 * All or nothing: in the end every step of a saga was taken (and confirmed), or every step that was taken is undone; nothing
 * was done twice; and whoever was told how it ended was told the truth.
 */
export function sagaAtomicity(options: Saga): Checker {
  return overSagas(options, (saga, entries, history) => {
    const twice = entries.find(({ step, does }, k) =>
      entries.slice(0, k).some((other) => other.step === step && other.does === does),
    );
    if (twice)
      return invalid(
        `${saga}: ${twice.step} was ${past[twice.does]} twice.`,
        places(entries.filter(({ step, does }) => step === twice.step && does === twice.does)),
      );
    const has = (step: string, does: SagaEntry["does"]) =>
      entries.some((entry) => entry.step === step && entry.does === does);
    const isUndone = (step: string) => has(step, "undo") || has(step, "lapse");
    const stands = (step: string) => has(step, "take") && !isUndone(step);
    const isDone = options.steps.every(
      (step) => stands(step) && (!options.confirmed?.includes(step) || has(step, "confirm")),
    );
    const isUndoneAltogether = !options.steps.some(stands);
    if (!isDone && !isUndoneAltogether)
      return invalid(`${saga} is neither done nor undone.`, places(entries), {
        expected: "every step taken and confirmed, or every taken step undone",
        seen: options.steps.map((step) => `${step}: ${said(entries, step)}`).join("; "),
      });
    return falselyTold(options, saga, isDone, entries, history);
  });
}

/**
 * Steps are taken in order and undone in reverse order, none is undone before those ahead of it were taken, and nothing is
 * confirmed once something was undone.
 */
export function sagaOrder(options: Saga): Checker {
  return overSagas(options, (saga, entries) => {
    const rank = ({ step }: SagaEntry) => options.steps.indexOf(step);
    const takes = entries.filter(({ does }) => does === "take");
    const undos = entries.filter(({ does }) => does === "undo");
    for (const [earlier, later] of pairs(takes))
      if (rank(earlier) > rank(later))
        return invalid(`${saga}: ${earlier.step} was taken before ${later.step}.`, places([earlier, later]), {
          expected: options.steps.join(", then "),
        });
    for (const [earlier, later] of pairs(undos))
      if (rank(earlier) < rank(later))
        return invalid(
          `${saga}: ${earlier.step} was undone before ${later.step}, which came after it.`,
          places([earlier, later]),
          {
            expected: `undone in reverse: ${options.steps.toReversed().join(", then ")}`,
          },
        );
    for (const undo of undos) {
      const ahead = options.steps.slice(0, rank(undo));
      const missing = ahead.find((step) => !takes.some((take) => take.step === step && take.index < undo.index));
      if (missing)
        return invalid(
          `${saga}: ${undo.step} was undone, and ${missing}, which comes first, was never taken by then.`,
          [undo.index],
        );
    }
    const [first] = undos;
    const late = entries.find(({ does, index }) => does === "confirm" && first !== undefined && index > first.index);
    if (late)
      return invalid(
        `${saga}: ${late.step} was confirmed after ${first!.step} had been undone.`,
        places([first!, late]),
      );
    return { verdict: "valid" };
  });
}

type Placed = SagaEntry & { index: number };

const past = { take: "taken", confirm: "confirmed", undo: "undone", lapse: "lapsed" } as const;

function overSagas(
  { entry, exempt, told }: Saga,
  judge: (saga: string, entries: Placed[], history: History) => Verdict,
): Checker {
  return (history) => {
    const entries = ledger(history).flatMap(({ entry: line, index }): Placed[] => {
      const what = line.type === "effect" || line.type === "lapse" ? entry(line) : undefined;
      return what ? [{ ...what, index }] : [];
    });
    const bySaga = Map.groupBy(entries, ({ saga }) => saga);
    for (const one of performed(history)) {
      const answer = told?.(one);
      if (answer && !bySaga.has(answer.saga)) bySaga.set(answer.saga, []);
    }
    for (const [saga, own] of bySaga) {
      if (exempt?.(saga, history)) continue;
      const verdict = judge(saga, own, history);
      if (verdict.verdict !== "valid") return verdict;
    }
    return { verdict: "valid" };
  };
}

function falselyTold({ told }: Saga, saga: string, isDone: boolean, entries: Placed[], history: History): Verdict {
  const liar = performed(history).find((one) => {
    const answer = told?.(one);
    return answer?.saga === saga && answer.done !== isDone;
  });
  if (!liar) return { verdict: "valid" };
  const [said, is] = isDone ? ["had failed", "done"] : ["was done", "undone"];
  return invalid(`${nameOf(liar)} was told that ${saga} ${said}, and it is ${is}.`, [
    ...eventsOf(liar),
    ...places(entries),
  ]);
}

function said(entries: readonly Placed[], step: string): string {
  const own = entries.filter((entry) => entry.step === step).map(({ does }) => past[does]);
  return own.length === 0 ? "never taken" : own.join(", ");
}

const places = (entries: readonly Placed[]): number[] => entries.map(({ index }) => index);

function pairs<Item>(items: readonly Item[]): [Item, Item][] {
  return items.flatMap((earlier, k) => items.slice(k + 1).map((later): [Item, Item] => [earlier, later]));
}
