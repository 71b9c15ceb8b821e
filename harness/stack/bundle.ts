import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build, type Plugin } from "esbuild";
import { leaveOut } from "./patterns-left-out.ts";
import { captureServices, replace, withoutImports } from "./replacements.ts";
import type { Bundle } from "./stack.ts";

/** A planted bug: a textual patch of one source file, applied while bundling, so that services need no test hooks. */
export interface Mutant {
  name: string;
  /** path from the root of the project */
  file: string;
  /** must occur exactly once in the file */
  find: string;
  replace: string;
  /** the invariants that are expected to notice it */
  breaks: string[];
  note?: string;
}

/** What to bundle: a module with the exports of a catalog. */
export interface Subject {
  /** absolute path */
  module: string;
  /** modules to replace while bundling: packages, and files relative to the module */
  alias?: Readonly<Record<string, string>>;
  /** services that are only handed to `serve()` are noted, and nothing listens */
  captures?: boolean;
  /** all that it implements: the code of those that are not loaded can be left out */
  patterns?: readonly string[];
}

export const projectRoot = fileURLToPath(new URL("../..", import.meta.url));
export const bundleFolder = path.join(projectRoot, ".cache", "stormproof");

/**
 * Bundles the services of a subject, with mutants planted.
 * Packages stay outside, and resolve from where the file is written. That is not beneath `node_modules`: debuggers take
 * what lies there for the code of others, and look for no sources of it.
 * @throws when a mutant does not match its file exactly once, or when the sources do not compile
 */
export async function makeBundle(
  subject: Subject,
  load: Pick<Bundle, "patterns" | "environment" | "external">,
  mutants: readonly Mutant[] = [],
): Promise<Bundle> {
  const result = await build({
    stdin: { contents: `export * from ${JSON.stringify(subject.module)};`, resolveDir: projectRoot, loader: "ts" },
    absWorkingDir: projectRoot,
    bundle: true,
    write: false,
    format: "cjs",
    platform: "node",
    target: "node24",
    sourcemap: "inline",
    // the bundle lies elsewhere than its sources, and a debugger must find them
    sourceRoot: pathToFileURL(projectRoot).href,
    external: Object.keys(readManifest().dependencies),
    plugins: [
      leaveOut(subject.module, unneeded(subject, load.patterns, mutants)),
      ...(subject.alias ? [replace(subject.module, subject.alias)] : []),
      ...(subject.captures ? [captureServices()] : []),
      plant(mutants),
    ],
    logLevel: "silent",
  });
  const code = result.outputFiles[0]!.text;
  const id = createHash("sha256").update(code).digest("hex").slice(0, 16);
  mkdirSync(bundleFolder, { recursive: true });
  const file = path.join(bundleFolder, `${id}.cjs`);
  // other runs may be loading the same bundle: they see the old file or the new one, never a half
  const fresh = `${file}.${process.pid}`;
  writeFileSync(fresh, code);
  renameSync(fresh, file);
  return { id, file, ...load };
}

/**
 * The text of a module alone, as CommonJS: whatever it imports is nothing. So it can be asked what it wants to have replaced
 * before anything of it is loaded.
 */
export async function bundleAlone(module: string): Promise<string> {
  const result = await build({
    entryPoints: [module],
    bundle: true,
    write: false,
    format: "cjs",
    platform: "node",
    plugins: [withoutImports()],
    logLevel: "silent",
  });
  return result.outputFiles[0]?.text ?? "";
}

/** Patterns of which nothing is loaded, and no file is changed. */
function unneeded({ module, patterns = [] }: Subject, loaded: string[], mutants: readonly Mutant[]): string[] {
  const isIn = (pattern: string, file: string) =>
    path.resolve(projectRoot, file).startsWith(path.join(path.dirname(module), pattern) + path.sep);
  return patterns.filter((one) => !loaded.includes(one) && !mutants.some(({ file }) => isIn(one, file)));
}

/**
 * The file's text with the bug planted.
 * @throws when `find` does not occur exactly once
 */
export function patched(mutant: Mutant, source: string): string {
  const matches = source.split(mutant.find).length - 1;
  if (matches !== 1)
    throw new Error(
      `mutant "${mutant.name}": its "find" occurs ${matches} times in ${mutant.file}, and must occur exactly once`,
    );
  return source.replace(mutant.find, () => mutant.replace);
}

function plant(mutants: readonly Mutant[]): Plugin {
  const byFile = Map.groupBy(mutants, ({ file }) => path.resolve(projectRoot, file));
  return {
    name: "mutants",
    setup(pluginBuild) {
      const planted = new Set<string>();
      pluginBuild.onLoad({ filter: /\.[cm]?[jt]s$/ }, (args) => {
        const here = byFile.get(args.path);
        if (!here) return undefined;
        planted.add(args.path);
        const contents = here.reduce((source, mutant) => patched(mutant, source), readFileSync(args.path, "utf8"));
        return { contents, loader: "ts" };
      });
      pluginBuild.onEnd(() => {
        const missed = mutants.filter(({ file }) => !planted.has(path.resolve(projectRoot, file)));
        return {
          errors: missed.map(({ name, file }) => ({ text: `mutant "${name}": ${file} is not part of the subject` })),
        };
      });
    },
  };
}

function readManifest(): { dependencies: Record<string, string> } {
  return JSON.parse(readFileSync(path.join(projectRoot, "package.json"), "utf8"));
}
