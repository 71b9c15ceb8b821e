/** properties/README.md says of every promise which invariants stand for it, and which mutants break it. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { projectRoot } from "../stack/index.ts";
import { allMutants, allProperties } from "./properties.ts";

interface Row {
  pattern: string;
  invariants: string[];
  mutants: string[];
}
const quoted = (cell = ""): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);

const rows: Row[] = [];
let pattern = "";
for (const line of readFileSync(`${projectRoot}/properties/README.md`, "utf8").split("\n")) {
  pattern = /^## (.+)$/.exec(line)?.[1] ?? pattern;
  const [, , invariants, mutants] = line.split("|");
  if (mutants !== undefined && quoted(invariants).length > 0)
    rows.push({ pattern, invariants: quoted(invariants), mutants: quoted(mutants) });
}
const of = (name: string) => rows.filter((row) => row.pattern === name);
const [properties, mutants] = [await allProperties(), await allMutants()];
const patterns = [...new Set(properties.map((one) => one.pattern))];

test.each(patterns)("%s: each invariant of the table exists, and each own invariant stands in it", (name) => {
  const all = properties.filter((one) => one.pattern === name);
  const known = all.flatMap(({ invariants }) => Object.keys(invariants));
  const named = of(name).flatMap(({ invariants }) => invariants);
  expect(named.filter((one) => !known.includes(one))).toEqual([]);
  expect(all.flatMap(({ own }) => own).filter((one) => !named.includes(one))).toEqual([]);
});

test.each(patterns)("%s: each mutant stands in a row whose invariants it breaks, and no other does", (name) => {
  const own = mutants.filter((one) => one.pattern === name).map(({ mutant }) => mutant);
  const stands = (one: string) => of(name).some((row) => row.mutants.includes(one));
  expect(own.filter((one) => !stands(one.name)).map((one) => one.name)).toEqual([]);
  const breaks = (row: Row, one: string) =>
    own.some((mutant) => mutant.name === one && mutant.breaks.some((broken) => row.invariants.includes(broken)));
  expect(of(name).flatMap((row) => row.mutants.filter((one) => !breaks(row, one)))).toEqual([]);
});

test.each(patterns)("%s: each own invariant is broken by a mutant that names it", (name) => {
  const broken = mutants.filter((one) => one.pattern === name).flatMap(({ mutant }) => mutant.breaks);
  const own = properties.filter((one) => one.pattern === name).flatMap((one) => one.own);
  expect(own.filter((one) => !broken.includes(one))).toEqual([]);
});
