import path from "node:path";
import { expect, inject, test } from "vitest";
import { faultLabels } from "../../faults/index.ts";
import { onDeclare, overrideConstants, type Property } from "../../property/index.ts";
import { Recorder } from "../../record/index.ts";
import { Terminal } from "../../report/index.ts";
import { REPORTS, Session } from "../session.ts";
import { readSettings, type StackName } from "../settings.ts";

/** One for all test files: they run in this process one after the other. */
const shared = globalThis as { stormproof?: { session: Session; terminal: Terminal } };
shared.stormproof ??= begin();
const { session, terminal } = shared.stormproof;

function begin(): { session: Session; terminal: Terminal } {
  const settings = { ...readSettings(process.env, Math.random), seed: inject("seed") };
  const { runs, budget } = settings;
  const terminal = new Terminal({
    stream: process.stdout,
    ...inject("terminal"),
    labels: faultLabels,
    ...(runs === undefined ? { budget } : { runs }),
  });
  return {
    session: new Session(settings, Recorder.append(REPORTS), (progress) => terminal.progress(progress)),
    terminal,
  };
}

const systemUnderTest = await session.systemUnderTest().catch(() => undefined);
// what cannot be loaded is told by the first property that needs it
overrideConstants((pattern) => systemUnderTest?.settings(pattern) ?? {});

onDeclare((property) => {
  for (const stack of session.settings.stacks) {
    const { replay } = session.settings;
    const title = `${property.pattern}: ${property.name} (${stack})`;
    // without any test a file would count as failed
    if (replay && replay.property !== property.name) test(title, ({ skip }) => skip("REPLAY is of another property"));
    else test(title, ({ signal, skip }) => storm(property, stack, signal, skip));
  }
});

async function storm(
  property: Property,
  stack: StackName,
  signal: AbortSignal,
  skip: (why?: string) => never,
): Promise<void> {
  session.file = path.relative(process.cwd(), expect.getState().testPath ?? "properties");
  const progress = await session.run(property, stack, { signal });
  terminal.finished(progress);
  if (progress.verdict === "passed") return;
  if (progress.verdict === "skipped") skip(progress.reason);
  const text = progress.failure
    ? terminal.describeFailure(progress.failure, progress.property)
    : `${progress.verdict}: ${progress.reason}`;
  const error = new Error(text);
  // the place in the harness from which it is thrown tells nobody anything
  error.stack = text;
  throw error;
}
