import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, expect, test } from "vitest";
import { CaseRunner } from "../case/index.ts";
import { onDeclare, type Property } from "../property/index.ts";
import { Campaign, dryRun } from "../search/index.ts";
import { projectRoot } from "../stack/index.ts";
import { startStack } from "./session.ts";
import { SystemUnderTest } from "./system-under-test.ts";

const readme = readFileSync(path.join(projectRoot, "README.md"), "utf8");
/** The blocks of code that say in their first line which file they are. */
const blocks = new Map(
  [...readme.matchAll(/```ts\n\/\/ (\S+)\n(.*?)```/gs)].map(([, file = "", text = ""]) => [path.basename(file), text]),
);

mkdirSync(path.join(projectRoot, ".cache"), { recursive: true });
const folder = mkdtempSync(path.join(projectRoot, ".cache", "readme-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Writes a block beside the others, and what it is told to change. */
function write(name: string, change: (text: string) => string = (text) => text): string {
  const text = blocks.get(name);
  if (text === undefined) throw new Error(`README.md has no block of code for ${name}`);
  const file = path.join(folder, name);
  writeFileSync(file, change(text).replaceAll("../harness/", `${projectRoot}harness/`));
  return file;
}

/** The verdict on a counter, after a few hundred cases. */
async function verdictOn(property: Property, service: (text: string) => string) {
  write("counter.ts", service);
  const catalog = path.join(folder, "catalog.ts");
  writeFileSync(
    catalog,
    'import { counter } from "./counter.ts";\nexport const catalog = { counter: { services: [counter] } };\n',
  );
  const runner = new CaseRunner(await startStack("simulated"), await SystemUnderTest.load(catalog));
  try {
    await runner.serve(property, []);
    const measured = await dryRun(property, runner);
    await runner.serve(measured.property, []);
    return await new Campaign(measured.property, runner, {
      seed: 1,
      profiles: measured.profiles,
      runs: 200,
      budget: 60_000,
      first: Object.values(property.scenarios).map(({ plan }) => plan),
      generate: true,
      progress: () => {},
      save: () => ({ saved: "", replay: "" }),
    }).run();
  } finally {
    await runner.close();
  }
}

test("the property that README shows passes on the service that it shows, and fails when the service forgets to count", async () => {
  const declared: Property[] = [];
  onDeclare((property) => declared.push(property));
  await import(pathToFileURL(write("counter.property.ts")).href);
  const [property] = declared;
  if (!property) throw new Error("the block of code declares no property");
  expect(await verdictOn(property, (text) => text)).toMatchObject({ verdict: "passed" });
  const forgetful = await verdictOn(property, (text) => text.replace('      ctx.set("count", count);\n', ""));
  expect(forgetful).toMatchObject({ verdict: "failed", failure: { invariant: "counts" } });
});
