/**
 * Makes the report of whatever a run has recorded. It is a program of its own too, `node harness/report/write.ts DIR`,
 * so that something that outlives the runner can write the report in its place.
 */

import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readRecords } from "../record/index.ts";
import { page } from "./html/page.ts";

/**
 * Reads `<directory>/run.jsonl` and writes `<directory>/index.html`: either the whole new report is there afterwards or
 * what was there before. Gives the path. Throws when there is no record.
 */
export function writeReport(directory: string): string {
  const file = join(directory, "index.html");
  const fresh = join(directory, `.index.html.${process.pid}`);
  writeFileSync(fresh, page(readRecords(directory)));
  renameSync(fresh, file);
  return file;
}

if (import.meta.main) {
  const [directory, ...more] = process.argv.slice(2);
  if (directory === undefined || more.length > 0) {
    console.error("usage: node harness/report/write.ts DIR   (DIR holds the run.jsonl of a run)");
    process.exitCode = 2;
  } else {
    try {
      console.log(writeReport(directory));
    } catch (error) {
      console.error(`no report: ${error instanceof Error ? error.message : String(error)}`);
      process.exitCode = 1;
    }
  }
}
