import path from "node:path";
import { pathToFileURL } from "node:url";
import type { Call, Json } from "../plan/index.ts";
import { projectRoot } from "../stack/index.ts";

interface SubjectModule {
  catalog?: Record<
    string,
    { services: object[]; app?: unknown; external?: string[]; environment?: Record<string, string> }
  >;
  names?: { services?: Record<string, string>; handlers?: Record<string, string> };
  decode?(call: string, answer: unknown): unknown;
  alias?: Record<string, string>;
}

/** The implementation that is tested: by default the project's own catalog. */
export class Subject {
  /** absolute path of the module */
  readonly module: string;
  readonly alias: Record<string, string>;
  readonly #exports: SubjectModule;
  /** own name -> contract name of services */
  readonly #contract: Map<string, string>;

  private constructor(module: string, exports: SubjectModule) {
    this.module = module;
    this.#exports = exports;
    this.alias = exports.alias ?? {};
    this.#contract = new Map(Object.entries(exports.names?.services ?? {}).map(([contract, own]) => [own, contract]));
  }

  /**
   * @param file path of a module that exports a catalog, from the current folder
   * @throws when it cannot be imported, or exports no catalog
   */
  static async load(file: string = path.join(projectRoot, "src", "catalog.ts")): Promise<Subject> {
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
    return new Subject(module, exports);
  }

  get patterns(): string[] {
    return Object.keys(this.#exports.catalog!);
  }

  /** The names of the external systems of a pattern, as variables with their paths: FLIGHTS_URL -> "/flights". */
  external(pattern: string): Record<string, string> {
    const names = this.#exports.catalog![pattern]?.external ?? [];
    return Object.fromEntries(names.map((name) => [`${name.toUpperCase().replaceAll("-", "_")}_URL`, `/${name}`]));
  }

  /** A call of the contract, by the names of this implementation. */
  target(call: Call): Call {
    if ("app" in call) return call;
    const { services, handlers } = this.#exports.names ?? {};
    return {
      ...call,
      service: services?.[call.service] ?? call.service,
      handler: handlers?.[`${call.service}/${call.handler}`] ?? call.handler,
    };
  }

  /** The contract's name of a service of this implementation. */
  contractName(service: string): string {
    return this.#contract.get(service) ?? service;
  }

  /** An answer in the contract's form. */
  decode(call: Call, answer: Json): Json {
    const name = "app" in call ? `${call.app} ${call.handler}` : `${call.service}/${call.handler}`;
    const decoded = this.#exports.decode?.(name, answer);
    return decoded === undefined ? answer : (decoded as Json);
  }
}
