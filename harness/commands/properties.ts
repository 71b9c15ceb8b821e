import { readdirSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { declaredProperties, type Property } from "../property/index.ts";
import { type Mutant, projectRoot } from "../stack/index.ts";

const folder = path.join(projectRoot, "properties");
const files = (ending: string): string[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith(ending))
    .sort();
const load = (name: string): Promise<unknown> => import(pathToFileURL(path.join(folder, name)).href);

/** Every property of the project. */
export async function allProperties(): Promise<readonly Property[]> {
  for (const name of files(".property.ts")) await load(name);
  return declaredProperties();
}

/** Every mutant of the project, with the pattern beside whose properties it stands. */
export async function allMutants(): Promise<{ mutant: Mutant; pattern: string }[]> {
  const lists = files(".mutants.ts").map(async (name) => {
    const { mutants } = (await load(name)) as { mutants: Mutant[] };
    return mutants.map((mutant) => ({ mutant, pattern: name.slice(0, -".mutants.ts".length) }));
  });
  return (await Promise.all(lists)).flat();
}
