import { spawnSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { assert, beforeAll, expect, test } from "vitest";
import { bundleFolder, makeBundle } from "../../bundle.ts";
import type { Bundle, ProcessDeath } from "../../stack.ts";
import { call, Shelf, told } from "../busy.fixture.ts";
import { SimulatedStack, SubjectDied } from "../index.ts";

const fixture = fileURLToPath(new URL("deadly.fixture.ts", import.meta.url));
let bundle: Bundle;

beforeAll(async () => {
  bundle = await makeBundle({ module: fixture }, { patterns: ["deadly"], environment: {}, external: {} });
});

/** The line of the fixture that a comment marks, from 1. */
function lineOf(mark: string): number {
  const lines = readFileSync(fixture, "utf8").split("\n");
  return lines.findIndex((text) => text.includes(`// ${mark}`)) + 1;
}
/** The line of the fixture that a death names. */
const lineNamed = ({ place = "" }: ProcessDeath): number => Number(/deadly\.fixture\.ts:(\d+)$/.exec(place)?.[1]);

async function started(): Promise<{ stack: SimulatedStack; deaths: ProcessDeath[] }> {
  const stack = await SimulatedStack.start({ seed: 1 });
  await stack.load(bundle);
  const deaths: ProcessDeath[] = [];
  stack.guard(Object.assign(new Shelf(), { died: (death: ProcessDeath) => void deaths.push(death) }));
  return { stack, deaths };
}

const error = (run: Promise<unknown>): Promise<unknown> =>
  run.then(
    () => undefined,
    (reason: unknown) => reason,
  );

for (const [how, kind, from, to = from] of [
  ["loop", "hang", "hangs from here", "hangs to here"],
  ["timer", "hang", "hangs from here", "hangs to here"],
  ["microtask", "hang", "hangs from here", "hangs to here"],
  ["immediates", "hang", "one immediate after the other"],
  ["memory", "out-of-memory", "fills the memory here"],
] as const) {
  test(`a handler that never yields is named, and ends its run only: ${how}`, async () => {
    const { stack } = await started();
    const limit = Error.stackTraceLimit;
    const death = await error(stack.run(() => call(stack, "/deadly/die", how)));
    assert(death instanceof SubjectDied);
    expect(death).toMatchObject({ kind, handler: "deadly/die" });
    expect(lineNamed(death)).toBeGreaterThanOrEqual(lineOf(from));
    expect(lineNamed(death)).toBeLessThanOrEqual(lineOf(to));
    expect(String(death)).toMatch(
      /^SubjectDied: deadly\/die: the service process .* \(at .*deadly\.fixture\.ts:\d+\)$/,
    );
    expect(Error.stackTraceLimit).toBe(limit);
    // what waits elsewhere goes on
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setTimeout(resolve, 1));
    expect(told(await stack.run(() => call(stack, "/deadly/die", "nothing")))).toEqual([200, "alive"]);
  });
}

for (const [how, kind, mark, what] of [
  ["exit", "exit", "exits here", "exit code 7"],
  ["abort", "exit", "aborts here", "it aborted"],
  ["signal", "exit", "kills itself here", "SIGTERM"],
  ["throwing", "uncaught-error", "throws here", "thrown by a timer"],
  ["rejecting", "unhandled-rejection", "rejects here", "rejected on purpose"],
] as const) {
  test(`a service process that ends by itself is told of, each time: ${how}`, async () => {
    const { stack, deaths } = await started();
    await stack.run(async () => {
      void call(stack, "/deadly/die", how).catch(() => {});
      await stack.clock.sleep(100);
    });
    expect(deaths.length).toBeGreaterThan(2);
    for (const death of deaths)
      expect(death).toMatchObject({ kind, handler: "deadly/die", message: expect.stringContaining(what) });
    // the place of an error is known from the second death on
    for (const death of deaths.slice(1)) expect(lineNamed(death)).toBe(lineOf(mark));
  });
}

test("services that end their process when they are loaded are named", async () => {
  const { stack } = await started();
  const file = path.join(bundleFolder, `deaths-test-${process.pid}.cjs`);
  writeFileSync(file, "process.exit(2);");
  try {
    await stack.load({ ...bundle, id: "exits", file });
    const death = await error(stack.run(async () => {}));
    expect(death).toBeInstanceOf(SubjectDied);
    expect(death).toMatchObject({ kind: "exit", message: expect.stringMatching(/exit code 2 \(at .*:1\)$/) });
  } finally {
    rmSync(file);
  }
});

test("what V8 cannot interrupt is named, and ends the Node process", () => {
  const script = fileURLToPath(new URL("deadly-run.fixture.ts", import.meta.url));
  const { signal, stderr } = spawnSync(process.execPath, [script, JSON.stringify(bundle), "natively"], {
    encoding: "utf8",
  });
  expect(signal).toBe("SIGKILL");
  expect(stderr).toMatch(
    /stormproof: deadly\/die hangs: it has worked for .* and does not stop for a debugger.*the whole run ends here/,
  );
});

test("a process that was killed has not died by itself", async () => {
  const { stack, deaths } = await started();
  await stack.run(async () => {
    await stack.inject({ kind: "kill-endpoint" });
    expect(told(await call(stack, "/deadly/die", "nothing"))).toEqual([200, "alive"]);
  });
  expect(deaths).toEqual([]);
});
