/**
 * What a run tells while it goes on, kept as JSON lines on disk. A line is handed to the operating system before
 * `record` returns, so that the death of the process, by SIGKILL too, loses nothing that was recorded: the report can
 * always be made, by whoever is left.
 */

import {
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { type PropertyProgress, type RunEnded, RunRecord, type RunStarted } from "./record.ts";

const fileName = "run.jsonl";

/**
 * Writes `<directory>/run.jsonl`. Synchronous throughout; throws what node:fs throws. Several recorders, of several
 * processes too, may write to one record, each line as a whole.
 */
export class Recorder {
  readonly directory: string;
  #file: number;

  /**
   * Begins a new record in `directory`, which is made when it is missing; an older record there is replaced at once
   * and as a whole: nobody sees the lines of two runs mixed, even if both use the same directory at the same time.
   * With "append" it goes on with the record that is there.
   */
  constructor(directory: string, mode: "new" | "append" = "new") {
    mkdirSync(directory, { recursive: true });
    this.directory = directory;
    const path = join(directory, fileName);
    if (mode === "append") {
      this.#file = openToAppend(path);
      return;
    }
    const fresh = join(directory, `.${fileName}.${process.pid}`);
    rmSync(fresh, { force: true });
    this.#file = openToAppend(fresh);
    renameSync(fresh, path);
  }

  /** Goes on with the record in `directory` that another recorder began; begins one when there is none. */
  static append(directory: string): Recorder {
    return new Recorder(directory, "append");
  }

  record(record: RunRecord): void {
    const line = Buffer.from(`${tornEnd(this.#file) ? "\n" : ""}${JSON.stringify(record)}\n`);
    for (let written = 0; written < line.length; ) written += writeSync(this.#file, line, written);
  }

  /** Idempotent. */
  close(): void {
    if (this.#file >= 0) closeSync(this.#file);
    this.#file = -1;
  }
}

function openToAppend(path: string): number {
  return openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_APPEND);
}

/** Whether the last line has no end, as a writer died in the midst of it: the next one must not be taken for its rest. */
function tornEnd(file: number): boolean {
  const { size } = fstatSync(file);
  const last = Buffer.alloc(1);
  return size > 0 && readSync(file, last, 0, 1, size - 1) === 1 && last.toString() !== "\n";
}

/** What is left of a run: the last word on each property, in the order in which they first appeared. */
export interface RecordedRun {
  started?: RunStarted;
  /** one per property and stack; none is "running" any more: what never ended was interrupted */
  properties: PropertyProgress[];
  ended?: RunEnded;
  /** lines that are no records; the last one is torn when the process died while writing it */
  unreadable: number;
}

/** Reads `<directory>/run.jsonl`. Throws when there is no such file, never because of what is in it. */
export function readRecords(directory: string): RecordedRun {
  const run: RecordedRun = { properties: [], unreadable: 0 };
  const latest = new Map<string, PropertyProgress>();
  for (const line of readFileSync(join(directory, fileName), "utf8").split("\n")) {
    if (line === "") continue;
    const record = parse(line);
    if (record === undefined) run.unreadable++;
    else if (record.type === "run") run.started = record;
    else if (record.type === "end") run.ended = record;
    else latest.set(JSON.stringify([record.property, record.stack]), record);
  }
  run.properties = [...latest.values()].map(settled);
  return run;
}

function parse(line: string): RunRecord | undefined {
  try {
    return RunRecord.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

function settled(record: PropertyProgress): PropertyProgress {
  if (record.verdict !== "running") return record;
  return { ...record, verdict: "interrupted", reason: record.reason ?? "the run ended before this property did" };
}
