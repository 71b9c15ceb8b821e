import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { progress, restlessTrip, started, twoWinners } from "../report/samples.ts";
import { Recorder, readRecords } from "./recorder.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "recorder-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

test("what is recorded can be read at once, before the recorder is closed", () => {
  const recorder = new Recorder(join(directory, "not", "there", "yet"));
  recorder.record(started);
  recorder.record(progress());
  recorder.record({ type: "end", verdict: "passed", milliseconds: 12 });
  expect(readRecords(recorder.directory)).toEqual({
    started,
    properties: [progress()],
    ended: { type: "end", verdict: "passed", milliseconds: 12 },
    unreadable: 0,
  });
  recorder.close();
  recorder.close();
});

test("the last record of a property on a stack wins; stacks and properties stay apart", () => {
  const recorder = new Recorder(directory);
  recorder.record(progress({ verdict: "running", cases: 1 }));
  recorder.record(progress({ stack: "simulated", cases: 2 }));
  recorder.record(progress({ property: "another", cases: 3 }));
  recorder.record(progress({ cases: 4 }));
  recorder.close();
  const { properties } = readRecords(directory);
  expect(properties.map(({ property, stack, cases }) => [property, stack, cases])).toEqual([
    ["a product is reserved once", "native", 4],
    ["a product is reserved once", "simulated", 2],
    ["another", "native", 3],
  ]);
});

test("a failure is read as it was written", () => {
  const failure = { ...restlessTrip(), found: 12, confirmation: { stack: "native", failed: 3, of: 20 } };
  const recorder = new Recorder(directory);
  recorder.record({ ...started, only: ["linearizable"] });
  for (const [property, one] of Object.entries({ a: failure, b: twoWinners() }))
    recorder.record(progress({ property, verdict: "failed", reason: "why", skipped: 1, trace: "0f", failure: one }));
  recorder.close();
  const { started: read, properties, unreadable } = readRecords(directory);
  expect(unreadable).toBe(0);
  expect(read?.only).toEqual(["linearizable"]);
  expect(properties.map((one) => one.failure)).toEqual([failure, twoWinners()]);
});

test("a property that never ended was interrupted, and says why", () => {
  const recorder = new Recorder(directory);
  recorder.record(progress({ verdict: "running" }));
  recorder.close();
  expect(readRecords(directory).properties[0]).toMatchObject({
    verdict: "interrupted",
    reason: "the run ended before this property did",
  });
});

test("a torn last line costs that line only", () => {
  const recorder = new Recorder(directory);
  recorder.record(started);
  recorder.record(progress({ cases: 7 }));
  recorder.close();
  appendFileSync(join(directory, "run.jsonl"), JSON.stringify(progress({ cases: 8 })).slice(0, 200));
  const run = readRecords(directory);
  expect(run.properties).toEqual([progress({ cases: 7 })]);
  expect(run.unreadable).toBe(1);
});

test.each([
  "null",
  "7",
  '"text"',
  "{}",
  '{"type":"toString"}',
  '{"type":"property"}',
  "{torn",
  JSON.stringify({ ...progress(), verdict: "splendid" }),
  JSON.stringify({ ...progress(), outcomes: { reserve: 7 } }),
  JSON.stringify({ ...progress(), cases: "many" }),
  JSON.stringify({ ...progress(), failure: { ...twoWinners(), history: { events: [] } } }),
])("a line that is no record is counted and skipped: %s", (line) => {
  writeFileSync(join(directory, "run.jsonl"), `${line}\n${JSON.stringify(started)}\n`);
  expect(readRecords(directory)).toEqual({ started, properties: [], unreadable: 1 });
});

test("a new recorder replaces the old record, and the old one no longer writes into it", () => {
  const old = new Recorder(directory);
  old.record(progress({ property: "old" }));
  const fresh = new Recorder(directory);
  old.record(progress({ property: "old, again" }));
  fresh.record(progress({ property: "new" }));
  expect(readRecords(directory).properties.map(({ property }) => property)).toEqual(["new"]);
  old.close();
  fresh.close();
});

test("several recorders write to one record, each line as a whole, also after one died within a line", () => {
  const first = new Recorder(directory);
  const second = Recorder.append(directory);
  second.record(progress({ property: "a" }));
  first.record(progress({ property: "b" }));
  second.record(progress({ property: "c" }));
  appendFileSync(join(directory, "run.jsonl"), '{"type":"proper');
  first.record({ type: "end", verdict: "failed", milliseconds: 1 });
  const { properties, ended, unreadable } = readRecords(directory);
  expect(properties.map(({ property }) => property)).toEqual(["a", "b", "c"]);
  expect(ended).toMatchObject({ verdict: "failed" });
  expect(unreadable).toBe(1);
  first.close();
  second.close();
});

test("a record that no one made is an error that names the file", () => {
  expect(() => readRecords(directory)).toThrow("run.jsonl");
});

test("SIGKILL loses nothing that was recorded", async () => {
  const script = `
    import { Recorder } from ${JSON.stringify(new URL("recorder.ts", import.meta.url).href)};
    const recorder = new Recorder(${JSON.stringify(directory)});
    const record = ${JSON.stringify(progress())};
    for (let n = 1; n <= 2000; n++) recorder.record({ ...record, cases: n });
    process.kill(process.pid, "SIGKILL");
  `;
  const child = spawn(process.execPath, ["--input-type=module-typescript", "-e", script], { stdio: "inherit" });
  const [, signal] = await once(child, "exit");
  expect(signal).toBe("SIGKILL");
  expect(readRecords(directory)).toMatchObject({ unreadable: 0, properties: [{ cases: 2000 }] });
  expect(readFileSync(join(directory, "run.jsonl"), "utf8").split("\n")).toHaveLength(2001);
});
