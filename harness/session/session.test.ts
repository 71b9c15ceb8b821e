import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { operation, property, scenario } from "../index.ts";
import type { Request } from "../plan/index.ts";
import { declaredProperties, type Property } from "../property/index.ts";
import { type PropertyProgress, Recorder, readRecords } from "../record/index.ts";
import { Session } from "./session.ts";
import { readSettings } from "./settings.ts";

const folder = mkdtempSync(path.join(tmpdir(), "session-"));
afterAll(() => rmSync(folder, { recursive: true }));
const subject = path.join(folder, "subject.mjs");
writeFileSync(subject, "export const catalog = { sagas: { services: [] } };");

function declare(name: string, pattern: string, request: Request): Property {
  const ask = operation({ args: fc.constant(null), request: () => request, interruptions: false });
  property(name, {
    pattern,
    operations: { ask },
    invariants: { fine: () => ({ verdict: "valid" }) },
    scenarios: { some: scenario({ o1: ask(null) }) },
  });
  const found = declaredProperties().find((one) => one.name === name);
  if (!found) throw new Error("it was not declared");
  return found;
}
const luck = declare("luck", "luck", { call: "luck/try" });
const theft = declare("theft", "durable-rpc", { call: "product/steal", key: "@p1" });
const status = declare("status", "durable-rpc", { call: "product/status", key: "@p1" });

let records = 0;
/** Runs a property in the simulation, and gives what became of it and what was recorded last. */
async function run(
  one: Property,
  env: Record<string, string> = {},
): Promise<{ ended: PropertyProgress | Error; recorded: PropertyProgress | undefined }> {
  const directory = path.join(folder, `${++records}`);
  const recorder = new Recorder(directory);
  const settings = readSettings({ STACK: "simulated", RUNS: "2", ...env }, () => 0);
  const session = new Session(settings, recorder, () => {});
  try {
    const ended = await session.run(one, "simulated").catch((error: Error) => error);
    return { ended, recorded: readRecords(directory).properties.at(-1) };
  } finally {
    await session.close();
    recorder.close();
  }
}

test("a pattern that the project's own catalog does not have is refused, on record too", async () => {
  const { ended, recorded } = await run(luck);
  expect(ended).toBeInstanceOf(Error);
  expect(recorded).toMatchObject({ verdict: "failed", cases: 0 });
  expect(recorded?.reason).toContain('the property "luck" is of the pattern "luck", which ');
});

test("another implementation may lack it: then the property is skipped", async () => {
  const { ended, recorded } = await run(luck, { SUBJECT: subject });
  expect(ended).toMatchObject({ verdict: "skipped", reason: 'the subject has no pattern "luck"' });
  expect(recorded).toEqual(ended);
});

test("a handler that no service has is refused before any case", async () => {
  const { ended, recorded } = await run(theft);
  expect(ended).toBeInstanceOf(Error);
  expect(recorded).toMatchObject({ verdict: "failed", cases: 0 });
  expect(recorded?.reason).toContain('the pattern "durable-rpc" has no handler "product/steal"');
});

test("a property of which nothing is to be judged is skipped; of which some is, that is on record", async () => {
  const { ended: nothing } = await run(status, { ONLY: "of another" });
  expect(nothing).toMatchObject({ verdict: "skipped", reason: "none of its invariants is to be judged" });
  const { ended, recorded } = await run(status, { ONLY: "fine" });
  // 3 that were asked for, and 24 crash points
  expect(ended).toMatchObject({ verdict: "passed", invariants: ["fine"], cases: 27 });
  expect(recorded?.unjudged).toContain("terminates");
});
