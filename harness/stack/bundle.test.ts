import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { type Mutant, makeBundle, patched, projectRoot } from "./bundle.ts";

const folder = mkdtempSync(path.join(tmpdir(), "bundle-"));
afterAll(() => rmSync(folder, { recursive: true }));
function write(name: string, text: string): string {
  const file = path.join(folder, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}
const price = write("price.ts", "export const price: number = 3;\nexport const again = 3;\n");
const helper = write("helper.ts", 'export const sdk = "another sdk";\n');
const unused = write("unused.ts", "export const unused = 1;\n");
const module = write(
  "catalog.ts",
  'import { price } from "./price.ts";\nexport const catalog = { shop: { services: [], price } };\n',
);
const aliased = write(
  "aliased.ts",
  'import * as sdk from "@restatedev/restate-sdk-clients";\nexport const catalog = { sdk };\n',
);

const load = { patterns: ["shop"], environment: { A: "1" }, external: {} };
const cheap: Mutant = { name: "cheap", file: price, find: "number = 3", replace: "number = 1", breaks: [] };
const evaluate = ({ file }: { file: string }): unknown => {
  const require = createRequire(import.meta.url);
  delete require.cache[file];
  return (require(file) as { catalog: unknown }).catalog;
};

test("a bundle is a module with the subject's exports, and what is to be loaded of it", async () => {
  const bundle = await makeBundle({ module }, load);
  expect(evaluate(bundle)).toEqual({ shop: { services: [], price: 3 } });
  expect(bundle).toMatchObject(load);
});

test("bundles are told apart by their content", async () => {
  const [clean, again, mutated] = await Promise.all([
    makeBundle({ module }, load),
    makeBundle({ module }, { ...load, patterns: [] }),
    makeBundle({ module }, load, [cheap]),
  ]);
  expect(again.id).toBe(clean.id);
  expect(mutated.id).not.toBe(clean.id);
  expect(mutated.file).not.toBe(clean.file);
});

test("a bundle that is made again takes the place of the file as a whole, for those who are reading it", async () => {
  const { file } = await makeBundle({ module }, load);
  const { ino } = statSync(file);
  await makeBundle({ module }, load);
  expect(statSync(file).ino).not.toBe(ino);
  expect(readdirSync(path.dirname(file)).filter((name) => name.startsWith(`${path.basename(file)}.`))).toEqual([]);
});

test("the code of patterns that are not loaded is left out, but for what the others need", async () => {
  write("tea/tea.ts", 'import { milk } from "../milk/milk.ts";\nexport const tea = ["black", milk];\n');
  const file = write("milk/milk.ts", 'export const milk = "white";\nexport const cows = [{ name: "Berta" }];\n');
  const drinks = write(
    "drinks.ts",
    `import { cows } from "./milk/milk.ts";
    import * as milk from "./milk/milk.ts";
    import { tea } from "./tea/tea.ts";
    const [cow] = cows;
    export const catalog = {
      tea: { services: tea },
      milk: { services: [...cows, cow?.name, milk.milk.toUpperCase()], app: () => \`\${milk}\` },
    };\n`,
  );
  const subject = { module: drinks, patterns: ["tea", "milk"] };
  const text = ({ file }: { file: string }) => readFileSync(file, "utf8");
  const bundle = (pattern: string, mutants: Mutant[] = []) =>
    makeBundle(subject, { ...load, patterns: [pattern] }, mutants);

  const milk = await bundle("milk");
  expect(evaluate(milk)).toMatchObject({ milk: { services: [{ name: "Berta" }, "Berta", "WHITE"] } });
  expect(text(milk)).not.toContain("black");
  const tea = await bundle("tea");
  expect(evaluate(tea)).toMatchObject({ tea: { services: ["black", "white"] } });
  expect(text(tea)).not.toContain("Berta");
  // a planted bug is served, wherever it is
  const dyed: Mutant = { name: "dyed", file, find: "Berta", replace: "Bertha", breaks: [] };
  expect(text(await bundle("tea", [dyed]))).toContain("Bertha");
});

test("packages stay outside, and resolve from where the bundle is", async () => {
  const bundle = await makeBundle({ module: path.join(projectRoot, "src", "catalog.ts") }, load);
  expect(readFileSync(bundle.file, "utf8")).toContain('require("@restatedev/restate-sdk")');
  expect(evaluate(bundle)).toHaveProperty("durable-rpc");
});

test("mutants are planted, several in one file, and literally", async () => {
  const other: Mutant = { ...cheap, name: "dear", find: "again = 3", replace: "again = '$&'" };
  expect(evaluate(await makeBundle({ module }, load, [cheap, other]))).toEqual({ shop: { services: [], price: 1 } });
  expect(patched(other, readFileSync(price, "utf8"))).toContain("again = '$&'");
});

test("a mutant of the project's sources is named by its path from the root", async () => {
  const mutant = { ...cheap, file: "src/durable-rpc/product.ts", find: 'name: "product"', replace: 'name: "ware"' };
  const bundle = await makeBundle({ module: path.join(projectRoot, "src", "catalog.ts") }, load, [mutant]);
  expect(readFileSync(bundle.file, "utf8")).toContain('name: "ware"');
});

test.each([
  ["matches nowhere", { ...cheap, find: "no such text" }, `mutant "cheap": its "find" occurs 0 times in ${price}`],
  ["matches twice", { ...cheap, find: "= 3" }, `occurs 2 times in ${price}, and must occur exactly once`],
  ["is of a file that the subject does not use", { ...cheap, file: unused }, `${unused} is not part of the subject`],
  [
    "is of a file that does not exist",
    { ...cheap, file: "src/nowhere.ts" },
    "src/nowhere.ts is not part of the subject",
  ],
])("a mutant that %s is refused", async (_, mutant, message) => {
  await expect(makeBundle({ module }, load, [mutant])).rejects.toThrow(message);
});

test("modules are replaced as the subject asks", async () => {
  const alias = { "@restatedev/restate-sdk-clients": helper };
  expect(evaluate(await makeBundle({ module: aliased, alias }, load))).toMatchObject({ sdk: { sdk: "another sdk" } });
  expect(evaluate(await makeBundle({ module: aliased }, load))).toHaveProperty("sdk.connect");
});

test("sources that do not compile are refused with the place", async () => {
  const broken = write("broken.ts", "export const catalog = ;\n");
  await expect(makeBundle({ module: broken }, load)).rejects.toThrow("broken.ts:1:23");
});
