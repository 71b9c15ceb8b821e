import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import vm from "node:vm";
import { z } from "zod";
import { externalSetting } from "../../src/shared/configuration.ts";
import type { Adapter, Answer } from "../case/index.ts";
import type { Json, Request } from "../plan/index.ts";
import { bundleAlone, makeBundle, projectRoot } from "../stack/index.ts";

const names = z.record(z.string(), z.string());
const isFunction = z.custom<(...given: never[]) => unknown>(
  (value) => typeof value === "function",
  "must be a function",
);
const byKind = z.record(z.string(), z.record(z.string(), isFunction));

/** What a module exports that SUBJECT names. */
const SubjectModule = z.object({
  /** by pattern, as in src/catalog.ts */
  catalog: z.record(
    z.string(),
    z.object({
      services: z.array(z.unknown()),
      app: isFunction.optional(),
      external: z.array(z.string()).optional(),
      environment: names.optional(),
    }),
  ),
  /** by pattern and kind of operation: the request that it makes here, of its arguments and its route */
  requests: byKind.optional(),
  /** by pattern and kind of operation: what an answer or a failure of this implementation means in the contract's words */
  results: byKind.optional(),
  /** what is replaced while bundling: packages, and files relative to the module */
  alias: names.optional(),
  /** by pattern: invariants that it is known not to keep, and why; they are not judged, and the report says so */
  differs: z.record(z.string(), names).optional(),
  /** by pattern: other values for the settings of a property */
  settings: z.record(z.string(), z.record(z.string(), z.union([z.string(), z.number()]))).optional(),
});
type SubjectModule = z.infer<typeof SubjectModule>;

/** The implementation that is tested: by default the project's own catalog. */
export class SystemUnderTest {
  /** absolute path of the module */
  readonly module: string;
  readonly alias: Readonly<Record<string, string>>;
  /** another implementation than the project's own: services that it only hands to `serve()` are noted */
  readonly captures: boolean;
  readonly #exports: SubjectModule;

  private constructor(module: string, exports: SubjectModule, captures: boolean) {
    this.module = module;
    this.#exports = exports;
    this.alias = exports.alias ?? {};
    this.captures = captures;
  }

  /**
   * Another implementation is loaded as a bundle, with what it replaces replaced: nothing of it runs that would listen.
   * @param file path of a module that exports a catalog, from the current folder; the project's own when absent
   * @throws when it cannot be loaded, or exports something else
   */
  static async load(file?: string): Promise<SystemUnderTest> {
    const own = path.join(projectRoot, "src", "catalog.ts");
    if (file === undefined || path.resolve(file) === own)
      return new SystemUnderTest(
        own,
        SubjectModule.parse(await import(/* @vite-ignore */ pathToFileURL(own).href)),
        false,
      );
    const module = path.resolve(file);
    const exports = await loadOther(module).catch((error: Error) => {
      throw new Error(`SUBJECT: cannot load ${module}: ${error.message}`);
    });
    if (typeof exports !== "object" || exports === null || !("catalog" in exports) || !exports.catalog)
      throw new Error(
        `SUBJECT: ${module} does not export "catalog", an object with a member for each pattern (see src/catalog.ts)`,
      );
    const read = SubjectModule.safeParse({ ...exports });
    if (!read.success) throw new Error(`SUBJECT: ${module}: ${z.prettifyError(read.error)}`);
    return new SystemUnderTest(module, read.data, true);
  }

  get patterns(): string[] {
    return Object.keys(this.#exports.catalog);
  }

  /** The names of the external systems of a pattern, as variables with their paths: FLIGHTS_URL -> "/flights". */
  external(pattern: string): Record<string, string> {
    return Object.fromEntries(this.systems(pattern).map((name) => [externalSetting(name), `/${name}`]));
  }

  /** The names of the external systems that a pattern calls. */
  systems(pattern: string): readonly string[] {
    return this.#exports.catalog[pattern]?.external ?? [];
  }

  /** What a pattern cannot do of what a request asks for, if anything: it has no such service, handler, or front app. */
  complaint(pattern: string, request: Request): string | undefined {
    const found = this.#exports.catalog[pattern];
    if (!found) return `there is no pattern "${pattern}"; there are ${this.patterns.join(", ")}`;
    if ("front" in request) {
      const app = request.app ?? pattern;
      return this.#exports.catalog[app]?.app === undefined ? `the pattern "${app}" has no front app` : undefined;
    }
    const handlers = found.services.flatMap(handlersOf);
    if (handlers.includes(request.call)) return undefined;
    return `the pattern "${pattern}" has no handler "${request.call}"; it has ${handlers.join(", ")}`;
  }

  /** The invariants of a pattern that it is known not to keep, with the reasons. */
  differs(pattern: string): Readonly<Record<string, string>> {
    return this.#exports.differs?.[pattern] ?? {};
  }

  /** Other values for the settings of a pattern's property. */
  settings(pattern: string): Readonly<Record<string, string | number>> {
    return this.#exports.settings?.[pattern] ?? {};
  }

  /** How it differs from the contract of a pattern, where it does. */
  adapter(pattern: string): Adapter | undefined {
    const { requests = {}, results = {} } = this.#exports;
    if (!requests[pattern] && !results[pattern]) return undefined;
    return {
      request: (kind, args, route) => called<Request>(requests[pattern]?.[kind], args, route),
      result: (kind, answer) => called<Answer>(results[pattern]?.[kind], answer),
    };
  }
}

/** What a subject's function answers; what it is given and gives is its author's affair, as its types say. */
const called = <T>(
  of: ((...given: never[]) => unknown) | undefined,
  ...given: (Json | Answer | undefined)[]
): T | undefined => (of as ((...all: unknown[]) => T | undefined) | undefined)?.(...given);

/** First it is asked, without anything that it imports, what is to be replaced; then it is loaded with that. */
async function loadOther(module: string): Promise<unknown> {
  const alias = names.optional().parse(aliasOf(module, await bundleAlone(module))) ?? {};
  const everything = { patterns: [], environment: {}, external: {} };
  const { file } = await makeBundle({ module, alias, captures: true }, everything);
  return createRequire(import.meta.url)(file);
}

/** What a module exports as `alias`, where all that it imports is nothing. */
function aliasOf(filename: string, text: string): unknown {
  const alone: { exports: { alias?: unknown } } = { exports: {} };
  try {
    const evaluate = vm.runInThisContext(`(function (module, exports, require) {${text}\n})`, { filename });
    evaluate(alone, alone.exports, createRequire(filename));
  } catch {
    // it needs what it imports: if it is wrong by itself, loading it will say so
  }
  try {
    return alone.exports.alias;
  } catch {
    return undefined;
  }
}

/** The handlers of a definition as the SDK makes them, each as "service/handler". */
function handlersOf(definition: unknown): string[] {
  if (typeof definition !== "object" || definition === null || !("name" in definition)) return [];
  const found = ["service", "object", "workflow"].flatMap(
    (type) => Object.entries(definition).find(([key]) => key === type) ?? [],
  );
  const [, handlers] = found;
  return typeof handlers === "object" && handlers !== null
    ? Object.keys(handlers).map((name) => `${definition.name}/${name}`)
    : [];
}
