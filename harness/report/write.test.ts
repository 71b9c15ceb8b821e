import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Recorder } from "../record/index.ts";
import { progress, started, twoWinners } from "./samples.ts";
import { writeReport } from "./write.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "report-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function record(...records: Parameters<Recorder["record"]>[0][]): void {
  const recorder = new Recorder(directory);
  for (const each of records) recorder.record(each);
  recorder.close();
}

test("a run with a failing property becomes a page that tells it", () => {
  record(started, progress({ verdict: "failed", reason: "one winner", failure: twoWinners() }));
  const page = readFileSync(writeReport(directory), "utf8");
  expect(page).toContain("@p1 went to o1 (reserve) and to o2 (reserve)");
  expect(page).toContain(
    "REPLAY=reports/corpus/durable-rpc-one-winner-5f2c.json npx vitest run properties/durable-rpc",
  );
});

test("the page replaces an older one as a whole and leaves nothing else behind", () => {
  writeFileSync(join(directory, "index.html"), "old");
  record(started, progress());
  writeReport(directory);
  expect(readdirSync(directory).sort()).toEqual(["index.html", "run.jsonl"]);
  expect(readFileSync(join(directory, "index.html"), "utf8")).toMatch(/^<!doctype html>[\s\S]*<\/html>\n$/);
});

test("a report that cannot be made leaves the older one alone", () => {
  writeFileSync(join(directory, "index.html"), "old");
  expect(() => writeReport(directory)).toThrow("run.jsonl");
  expect(readFileSync(join(directory, "index.html"), "utf8")).toBe("old");
});

const program = fileURLToPath(new URL("write.ts", import.meta.url));
const run = (...args: string[]) => spawnSync(process.execPath, [program, ...args], { encoding: "utf8" });

test("as a program it writes the report of a folder and prints its path", () => {
  record(started, progress({ verdict: "running" }));
  const { status, stdout } = run(directory);
  expect(stdout.trim()).toBe(join(directory, "index.html"));
  expect(status).toBe(0);
  expect(readFileSync(join(directory, "index.html"), "utf8")).toContain("interrupted");
});

test("as a program it refuses a wrong use, and says when there is no record", () => {
  expect(run()).toMatchObject({ status: 2, stderr: expect.stringContaining("usage:") });
  expect(run(directory)).toMatchObject({ status: 1, stderr: expect.stringMatching(/no report: .*run\.jsonl/) });
  expect(existsSync(join(directory, "index.html"))).toBe(false);
});
