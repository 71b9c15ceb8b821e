import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { transform } from "esbuild";
import { expect, test } from "vitest";
import { declaredProperties } from "../session/index.ts";
import type { Mutant } from "../stack/index.ts";

const root = path.join(import.meta.dirname, "..");
const files = readdirSync(import.meta.dirname).filter((file) => file.endsWith(".mutants.ts"));
const byPattern = await Promise.all(
  files.map(async (file) => ({
    file,
    mutants: ((await import(path.join(import.meta.dirname, file))) as { mutants: Mutant[] }).mutants,
  })),
);
const all = byPattern.flatMap(({ file, mutants }) => mutants.map((mutant) => ({ ...mutant, from: file })));

test.each(byPattern)("$file has at least six mutants, each with a name of its own", ({ mutants }) => {
  expect(mutants.length).toBeGreaterThanOrEqual(6);
  expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length);
});

test.each(all)(
  "$from: $name: matches once, changes the file, still parses",
  async ({ file, find, replace, breaks }) => {
    const source = readFileSync(path.join(root, file), "utf8");
    expect(source.split(find)).toHaveLength(2);
    expect(replace).not.toBe(find);
    expect(breaks).not.toEqual([]);
    await transform(
      source.replace(find, () => replace),
      { loader: "ts" },
    );
  },
);

test.each(all)("$from: $name: what it breaks is an invariant of its pattern", async ({ from, breaks }) => {
  const pattern = from.replace(/\.mutants\.ts$/, "");
  await import(path.join(import.meta.dirname, `${pattern}.property.ts`));
  const invariants = declaredProperties().flatMap((one) =>
    one.pattern === pattern ? Object.keys(one.invariants) : [],
  );
  expect(invariants).toEqual(expect.arrayContaining(breaks));
});
