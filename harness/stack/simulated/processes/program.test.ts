import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { bundleFolder } from "../../bundle.ts";
import { Program } from "./program.ts";

test("the exit code of a process is its own", () => {
  const file = path.join(bundleFolder, `program-test-exit-${process.pid}.cjs`);
  mkdirSync(bundleFolder, { recursive: true });
  writeFileSync(file, "process.exitCode = 3; exports.catalog = { p: { services: [] } };");
  const before = process.exitCode;
  try {
    new Program({ id: "exit", file, patterns: ["p"], environment: {}, external: {} }).evaluate({});
    expect(process.exitCode).toBe(before);
  } finally {
    process.exitCode = before;
    rmSync(file);
  }
});

test("what a process keeps in its module or on the global object is its own", async () => {
  const file = path.join(bundleFolder, `program-test-${process.pid}.cjs`);
  mkdirSync(bundleFolder, { recursive: true });
  writeFileSync(
    file,
    `let inModule = 0;
     const app = async () => new Response([++inModule, globalThis.count = (globalThis.count ?? 0) + 1].join());
     exports.catalog = { p: { services: [], app } };`,
  );
  try {
    const program = new Program({ id: "test", file, patterns: ["p"], environment: {}, external: {} });
    const [first, second] = [program.evaluate({}), program.evaluate({})];
    const ask = async (of: typeof first) => (await of.apps.get("p")!(new Request("http://p/"))).text();
    expect(await ask(first)).toBe("1,1");
    expect(await ask(first)).toBe("2,2");
    expect(await ask(second)).toBe("1,1");
    expect("count" in globalThis).toBe(false);
  } finally {
    rmSync(file);
  }
});
