import path from "node:path";
import { pathToFileURL } from "node:url";
import type { Adapter, Answer } from "../case/index.ts";
import type { Json, Request } from "../plan/index.ts";
import { projectRoot } from "../stack/index.ts";

/** What the module exports that SUBJECT names. */
interface SubjectModule {
  catalog?: Record<
    string,
    { services: object[]; app?: unknown; external?: string[]; environment?: Record<string, string> }
  >;
  /** by pattern and kind of operation: the request that it makes here */
  requests?: Record<string, Record<string, (args: Json, route?: string) => Request>>;
  /** by pattern and kind of operation: an answer or a failure of this implementation in the contract's words */
  results?: Record<string, Record<string, (answer: Answer) => Answer>>;
  alias?: Record<string, string>;
}

/** The implementation that is tested: by default the project's own catalog. */
export class SystemUnderTest {
  /** absolute path of the module */
  readonly module: string;
  readonly alias: Record<string, string>;
  readonly #exports: SubjectModule;
  private constructor(module: string, exports: SubjectModule) {
    this.module = module;
    this.#exports = exports;
    this.alias = exports.alias ?? {};
  }

  /**
   * @param file path of a module that exports a catalog, from the current folder
   * @throws when it cannot be imported, or exports no catalog
   */
  static async load(file: string = path.join(projectRoot, "src", "catalog.ts")): Promise<SystemUnderTest> {
    const module = path.resolve(file);
    let exports: SubjectModule;
    try {
      exports = (await import(/* @vite-ignore */ pathToFileURL(module).href)) as SubjectModule;
    } catch (error) {
      throw new Error(`SUBJECT: cannot import ${module}: ${(error as Error).message}`);
    }
    if (typeof exports.catalog !== "object" || exports.catalog === null)
      throw new Error(
        `SUBJECT: ${module} does not export "catalog", an object with a member for each pattern (see src/catalog.ts)`,
      );
    return new SystemUnderTest(module, exports);
  }

  get patterns(): string[] {
    return Object.keys(this.#exports.catalog!);
  }

  /** The names of the external systems of a pattern, as variables with their paths: FLIGHTS_URL -> "/flights". */
  external(pattern: string): Record<string, string> {
    return Object.fromEntries(
      this.systems(pattern).map((name) => [`${name.toUpperCase().replaceAll("-", "_")}_URL`, `/${name}`]),
    );
  }

  /** The names of the external systems that a pattern calls. */
  systems(pattern: string): readonly string[] {
    return this.#pattern(pattern)?.external ?? [];
  }

  /** What a pattern cannot do of what a request asks for, if anything: it has no such service, handler, or front app. */
  complaint(pattern: string, request: Request): string | undefined {
    const found = this.#pattern(pattern);
    if (!found) return `there is no pattern "${pattern}"; there are ${this.patterns.join(", ")}`;
    if ("front" in request) {
      const app = request.app ?? pattern;
      return this.#pattern(app)?.app === undefined ? `the pattern "${app}" has no front app` : undefined;
    }
    const handlers = found.services.flatMap(handlersOf);
    if (handlers.includes(request.call)) return undefined;
    return `the pattern "${pattern}" has no handler "${request.call}"; it has ${handlers.join(", ")}`;
  }

  #pattern(name: string): NonNullable<SubjectModule["catalog"]>[string] | undefined {
    return this.#exports.catalog?.[name];
  }

  /** How it differs from the contract of a pattern, where it does. */
  adapter(pattern: string): Adapter | undefined {
    const { requests = {}, results = {} } = this.#exports;
    if (!requests[pattern] && !results[pattern]) return undefined;
    return {
      request: (kind, args, route) => requests[pattern]?.[kind]?.(args, route),
      result: (kind, answer) => results[pattern]?.[kind]?.(answer),
    };
  }
}

/** The handlers of a definition as the SDK makes them, each as "service/handler". */
function handlersOf(definition: object): string[] {
  if (!("name" in definition)) return [];
  const found = ["service", "object", "workflow"].flatMap(
    (type) => Object.entries(definition).find(([key]) => key === type) ?? [],
  );
  const [, handlers] = found;
  return typeof handlers === "object" && handlers !== null
    ? Object.keys(handlers).map((name) => `${definition.name}/${name}`)
    : [];
}
