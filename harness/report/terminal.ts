/**
 * A run on a terminal: one live line while it goes on, a line per property when it is done, and for a failure all that
 * a person needs to understand and repeat it. Where there is no terminal, plain lines, few of them.
 */

import { describePlan, type FaultLabels } from "../plan/index.ts";
import type { Failure, PropertyProgress, PropertyVerdict, RunStarted } from "../record/index.ts";
import { confirmed } from "./confirmed.ts";
import { endedEarly } from "./early.ts";
import { count, cut, duration, plural, sumOf } from "./format.ts";

export interface TerminalOptions {
  stream: { write(text: string): unknown };
  /** whether lines can be rewritten in place */
  isTTY: boolean;
  /** the width of a line, or how to ask for it, as windows change; 80 when absent */
  columns?: number | (() => number);
  /** when absent: on a terminal, unless the environment says NO_COLOR */
  colours?: boolean;
  /** milliseconds, of which only differences matter */
  now?: () => number;
  /** what fault kinds do, for the plans of failures */
  labels?: FaultLabels;
  /** milliseconds and cases that a property has; `started` sets them too */
  budget?: number;
  runs?: number;
}

/** Milliseconds between two live lines, and between two plain lines of one property. */
const betweenLive = 100;
const betweenPlain = 5000;

export class Terminal {
  readonly #stream: TerminalOptions["stream"];
  readonly #isTTY: boolean;
  readonly #columns: () => number;
  readonly #now: () => number;
  readonly #labels: FaultLabels;
  readonly #paint: Painter;
  #budget: number | undefined;
  #runs: number | undefined;
  #liveAt = Number.NEGATIVE_INFINITY;
  #isLive = false;
  readonly #plainAt = new Map<string, number>();

  constructor(options: TerminalOptions) {
    const { columns = 80 } = options;
    this.#stream = options.stream;
    this.#isTTY = options.isTTY;
    this.#columns = typeof columns === "number" ? () => columns : columns;
    this.#paint = painter(options.colours ?? (options.isTTY && !process.env.NO_COLOR));
    this.#now = options.now ?? (() => performance.now());
    this.#labels = options.labels ?? {};
    this.#budget = options.budget;
    this.#runs = options.runs;
  }

  /** Says what is about to run, and remembers the bounds, to tell how much is left. */
  started(run: RunStarted): void {
    this.#budget = run.budget;
    this.#runs = run.runs;
    const bounds = [run.runs && plural(run.runs, "case"), run.budget && duration(run.budget)].filter(Boolean);
    const parts = [
      `seed ${run.seed} (generators ${run.generator})`,
      `on ${run.stacks.join(", ")}`,
      ...(bounds.length > 0 ? [`${bounds.join(" or ")} per property`] : []),
      ...(run.replay === undefined ? [] : [`replaying ${run.replay}`]),
      ...(run.mutants === undefined ? [] : [`mutants ${run.mutants}`]),
      ...(run.only === undefined ? [] : [`judging only ${run.only.join(", ")}`]),
      ...(run.skip === undefined ? [] : [`not judging ${run.skip.join(", ")}`]),
    ];
    this.#line(`${this.#paint("bold", "stormproof")}  ${parts.join(" · ")}`);
  }

  /** Shows how far a property is; may be called as often as one likes. */
  progress(record: PropertyProgress): void {
    const now = this.#now();
    if (this.#isTTY) {
      if (now - this.#liveAt < betweenLive) return;
      this.#liveAt = now;
      this.#rewrite(this.#running(record));
      return;
    }
    const key = `${record.stack} ${record.property}`;
    const before = this.#plainAt.get(key);
    if (before === undefined) this.#plainAt.set(key, now);
    if (now - (before ?? now) < betweenPlain) return;
    this.#plainAt.set(key, now);
    this.#line(this.#running(record));
  }

  /** A property has come to its verdict. */
  finished(record: PropertyProgress): void {
    const mark = this.#paint(tones[record.verdict], `${symbols[record.verdict]} ${record.verdict}`);
    const injected = sumOf(record.faults, "injected");
    const planned = sumOf(record.faults, "planned");
    const reached = Object.values(record.scenarios).filter((n) => n > 0).length;
    const scenarios = Object.keys(record.scenarios).length;
    const numbers = [
      `${plural(record.cases, "case")}, ${plural(record.operations, "operation")} in ${duration(record.milliseconds)}`,
      ...(planned > 0 ? [`${count(injected)} of ${plural(planned, "fault")} injected`] : []),
      ...(scenarios > 0 ? [`${reached} of ${plural(scenarios, "scenario")} reached`] : []),
    ];
    this.#line(`${mark}  ${this.#paint("bold", clean(record.property))} (${record.stack})`);
    const { crashPoints = {} } = record;
    const points = sumOf(crashPoints, "of");
    if (points > 0) numbers.push(`${count(sumOf(crashPoints, "struck"))} of ${plural(points, "crash point")} struck`);
    if (record.skipped) numbers.push(`${plural(record.skipped, "plan")} skipped: the stack cannot do what they ask`);
    if (record.trace !== undefined) numbers.push(`trace ${record.trace}`);
    this.#line(`  ${this.#paint("dim", numbers.join(" · "))}`);
    const ends = endings(record);
    if (ends.length > 0) this.#line(`  ${this.#paint("dim", clean(ends.join(" · ")))}`);
    if (record.expected !== undefined && record.failure)
      this.#line(
        `  found, as expected: ${clean(record.failure.evidence.summary)} See it: ${clean(record.failure.replay)}`,
      );
    if (record.reason !== undefined && record.failure === undefined) this.#line(`  ${clean(record.reason)}`);
    if (!endedEarly(record.verdict))
      for (const never of lacking(record)) this.#line(`  ${this.#paint("yellow", never)}`);
  }

  /** Everything a person needs of a failure: the contradiction, the plan that provokes it, and how to see it again. */
  failure(failure: Failure, property: string): void {
    this.#line(`\n${this.describeFailure(failure, property)}\n`);
  }

  /** The text that `failure` writes, for where an error's message is the way to be read. */
  describeFailure(failure: Failure, property: string): string {
    const { evidence, rate, shrink, original, plan, seed } = failure;
    const size = (operations: number, faults: number) =>
      `${plural(operations, "operation")}, ${plural(faults, "fault")}`;
    const field = (name: string, text: string | undefined) =>
      text === undefined ? [] : [`  ${this.#paint("dim", name.padEnd(9))} ${clean(text)}`];
    return [
      this.#paint("red", `${symbols.failed} ${clean(property)}`),
      `  breaks the invariant ${this.#paint("bold", clean(failure.invariant))}`,
      "",
      `  ${clean(evidence.summary)}`,
      ...field("expected", evidence.expected),
      ...field("seen", evidence.seen),
      "",
      ...describePlan(plan, this.#labels).map((line) => `    ${clean(line)}`),
      "",
      ...field("fails", `${rate.failed} of ${plural(rate.of, "run")} on ${rate.stack}`),
      ...field("real", confirmed(failure)),
      ...field(
        "shrunk",
        `from ${size(original.operations, original.faults)}${shrink.complete ? "" : "; the shrinking ran out of budget"}`,
      ),
      ...field(
        "seed",
        seed === undefined ? undefined : `${seed}${failure.case === undefined ? "" : `, case ${failure.case}`}`,
      ),
      ...field("saved", failure.saved),
      ...field("replay", failure.replay),
    ].join("\n");
  }

  /** The last labels: how many came to which verdict, and where the report is. */
  summary(records: readonly PropertyProgress[], report?: string): void {
    const verdicts = Object.keys(symbols) as PropertyVerdict[];
    const counts = verdicts.flatMap((verdict) => {
      const n = records.filter((record) => record.verdict === verdict).length;
      return n === 0 ? [] : [this.#paint(tones[verdict], `${count(n)} ${verdict}`)];
    });
    this.#line(`${plural(records.length, "property", "properties")}: ${counts.join(", ") || "none ran"}`);
    for (const line of tallies(records)) this.#line(this.#paint("dim", line));
    if (report !== undefined) this.#line(`report: ${report}`);
  }

  /** Removes the live line, so that others can write. Idempotent. */
  clear(): void {
    if (this.#isLive) this.#stream.write("\r\x1b[2K");
    this.#isLive = false;
  }

  #running(record: PropertyProgress): string {
    const seconds = record.milliseconds / 1000;
    const rate = seconds > 0 ? ` (${(record.cases / seconds).toFixed(1)}/s)` : "";
    // scenarios and crash points come before the cases that were asked for
    const of = this.#runs === undefined || record.cases > this.#runs ? "" : ` of ${count(this.#runs)}`;
    const left =
      this.#budget === undefined ? [] : [`${duration(Math.max(0, this.#budget - record.milliseconds))} left`];
    const parts = [
      `${record.property} (${record.stack})`,
      `case ${count(record.cases)}${of}${rate}`,
      ...left,
      faultsSoFar(record.faults),
    ];
    return clean(parts.join(" · "));
  }

  #rewrite(text: string): void {
    this.#stream.write(`\r\x1b[2K${cut(text, Math.max(10, this.#columns() - 1))}`);
    this.#isLive = true;
  }

  #line(text: string): void {
    this.clear();
    this.#stream.write(`${text}\n`);
  }
}

const symbols: Record<PropertyVerdict, string> = {
  failed: "✗",
  unknown: "?",
  vacuous: "○",
  interrupted: "◌",
  running: "…",
  skipped: "–",
  passed: "✓",
};

type Tone = "bold" | "dim" | "red" | "green" | "yellow" | "magenta";
type Painter = (tone: Tone, text: string) => string;

const tones: Record<PropertyVerdict, Tone> = {
  failed: "red",
  unknown: "magenta",
  vacuous: "yellow",
  interrupted: "yellow",
  running: "dim",
  skipped: "dim",
  passed: "green",
};

const codes: Record<Tone, number> = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, magenta: 35 };

function painter(colours: boolean): Painter {
  return colours ? (tone, text) => `\x1b[${codes[tone]}m${text}\x1b[0m` : (_, text) => text;
}

/** Answers of services and names of keys end up here: no control character of theirs may reach the terminal. */
function clean(text: string): string {
  return text.replace(/\p{Cc}/gu, (character) => {
    return character === "\n" ? " " : `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
}

type Faults = PropertyProgress["faults"];

/** "512 injected: 410 cut-reset, 102 zombie", most frequent first, so that a cut line loses the least. */
function faultsSoFar(faults: Faults): string {
  const kinds = Object.entries(faults).filter(([, { injected }]) => injected > 0);
  if (kinds.length === 0) return "no fault injected yet";
  const byNumber = kinds.sort(([, a], [, b]) => b.injected - a.injected);
  const list = byNumber.map(([kind, { injected }]) => `${count(injected)} ${kind}`).join(", ");
  return `${count(sumOf(faults, "injected"))} injected: ${list}`;
}

/** How the operations of each kind ended, and what each external system refused: "reserve 12 ok, 3 info", "flights refused 2 of 9 calls". */
function endings({ outcomes, systems }: PropertyProgress): string[] {
  const kinds = Object.entries(outcomes).map(([kind, { ok, fail, info }]) => {
    const others = Object.entries({ fail, info }).filter(([, n]) => n > 0);
    return `${kind} ${[`${count(ok)} ok`, ...others.map(([name, n]) => `${count(n)} ${name}`)].join(", ")}`;
  });
  const refusals = Object.entries(systems).map(
    ([system, { calls, refusals }]) => `${system} refused ${count(refusals)} of ${plural(calls, "call")}`,
  );
  return [...kinds, ...refusals];
}

/** What a run should have come to and never did, unless its reason says so already. */
function lacking({ faults, scenarios, reason = "" }: PropertyProgress): string[] {
  const silent = Object.entries(faults).filter(([, { planned, injected }]) => planned > 0 && injected === 0);
  const missed = Object.entries(scenarios).filter(([name, n]) => n === 0 && !reason.includes(name));
  return [
    ...silent.map(([kind, { planned }]) => `${kind} never injected (${count(planned)} planned)`),
    ...missed.map(([scenario]) => `never reached: ${clean(scenario)}`),
  ];
}

/** Faults by kind over all properties: "faults injected of planned: cut-reset 398/410, ...". */
function tallies(records: readonly PropertyProgress[]): string[] {
  const total: Faults = {};
  for (const [kind, { planned, injected }] of records.flatMap(({ faults }) => Object.entries(faults))) {
    const sofar = total[kind] ?? { planned: 0, injected: 0 };
    total[kind] = { planned: sofar.planned + planned, injected: sofar.injected + injected };
  }
  const kinds = Object.entries(total).map(
    ([kind, { planned, injected }]) => `${kind} ${count(injected)}/${count(planned)}`,
  );
  return kinds.length === 0 ? [] : [`faults injected of planned: ${kinds.join(", ")}`];
}
