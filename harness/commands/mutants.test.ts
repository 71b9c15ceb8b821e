import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { transform } from "esbuild";
import { expect, test } from "vitest";
import { declaredProperties } from "../property/index.ts";
import { projectRoot } from "../stack/index.ts";
import { allMutants } from "./properties.ts";

const folder = path.join(projectRoot, "properties");
const all = await allMutants();
const patterns = readdirSync(folder)
  .filter((name) => name.endsWith(".property.ts"))
  .map((name) => name.replace(/\.property\.ts$/, ""));

test("there are patterns, so that what follows says something", () => {
  expect(patterns.length).toBeGreaterThan(0);
  expect(all.filter(({ pattern }) => !patterns.includes(pattern))).toEqual([]);
});

test.each(patterns)("%s has at least six mutants, each with a name of its own", (own) => {
  const names = all.flatMap(({ mutant, pattern }) => (pattern === own ? [mutant.name] : []));
  expect(names.length).toBeGreaterThanOrEqual(6);
  expect(new Set(names).size).toBe(names.length);
});

test.each(all)("$pattern: $mutant.name: matches once, changes the file, still parses", async ({ mutant }) => {
  const { file, find, replace, breaks } = mutant;
  const source = readFileSync(path.join(projectRoot, file), "utf8");
  expect(source.split(find)).toHaveLength(2);
  expect(replace).not.toBe(find);
  expect(breaks).not.toEqual([]);
  await transform(
    source.replace(find, () => replace),
    { loader: "ts" },
  );
});

test.each(all)("$pattern: $mutant.name: what it breaks is an invariant of its pattern", async ({ pattern, mutant }) => {
  await import(path.join(folder, `${pattern}.property.ts`));
  const invariants = declaredProperties().flatMap((one) =>
    one.pattern === pattern ? Object.keys(one.invariants) : [],
  );
  expect(invariants).toEqual(expect.arrayContaining(mutant.breaks));
});
