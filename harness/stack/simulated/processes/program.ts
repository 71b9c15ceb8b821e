import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import vm from "node:vm";
import type { Bundle } from "../../stack.ts";
import { virtualConsole } from "./console.ts";
import { controlSdk } from "./sdk-core.ts";

export type App = (request: Request) => Promise<Response>;

/** What a bundle exports. */
interface Exports {
  catalog: Record<string, { services: object[]; app?: App } | undefined>;
}

/** The services of one evaluation of a bundle. */
export interface Services {
  /** the SDK's own handler of HTTP requests, in the form that `node:http2` calls */
  handle: (request: object, response: object) => void;
  apps: Map<string, App>;
}

type Sdk = typeof import("@restatedev/restate-sdk");

/**
 * A bundle, compiled once. It is evaluated once for every simulated process, so that what it keeps in memory dies with
 * the process, as in life; the packages outside of it are shared.
 */
export class Program {
  readonly bundle: Bundle;
  readonly #code: Code;
  readonly #require: NodeJS.Require;
  readonly #sdk: Sdk;
  readonly sdkVersion: string;

  constructor(bundle: Bundle) {
    this.bundle = bundle;
    this.#require = createRequire(bundle.file);
    this.#sdk = this.#require("@restatedev/restate-sdk") as Sdk;
    this.sdkVersion = (this.#require("@restatedev/restate-sdk/package.json") as { version: string }).version;
    controlSdk(this.#require);
    this.#code = compile(bundle.file);
  }

  /**
   * Evaluates the bundle: a fresh start of the service process.
   * @param environment what `process.env` is
   * @throws what the bundle throws at import, and when it lacks a pattern
   */
  evaluate(environment: Record<string, string>): Services {
    const module = { exports: {} as Exports };
    const { file, patterns } = this.bundle;
    const ownProcess = Object.create(process, {
      env: { value: { ...environment } },
      exitCode: { value: undefined, writable: true },
    });
    const own = ownGlobal();
    this.#code(module.exports, this.#require, module, file, path.dirname(file), ownProcess, own, own, virtualConsole);
    const { catalog } = module.exports;
    const served = patterns.map((name) => {
      const pattern = catalog[name];
      if (!pattern) throw new Error(`the bundle has no pattern "${name}"; it has ${Object.keys(catalog).join(", ")}`);
      return { name, ...pattern };
    });
    const handle = this.#sdk.createEndpointHandler({
      services: served.flatMap(({ services }) => services) as never,
      bidirectional: true,
      logger: () => {},
    });
    return {
      handle: handle as unknown as Services["handle"],
      apps: new Map(served.flatMap(({ name, app }) => (app ? [[name, app] as const] : []))),
    };
  }
}

type Code = (
  exports: object,
  require: NodeJS.Require,
  module: object,
  __filename: string,
  __dirname: string,
  process: NodeJS.Process,
  globalThis: object,
  global: object,
  console: Console,
) => void;

/** What is put on the global object dies with the process as well: each has its own, in front of the real one. */
function ownGlobal(): object {
  const own: Record<PropertyKey, unknown> = Object.create(null);
  return new Proxy(own, {
    get: (_, name) => (name in own ? own[name] : (globalThis as Record<PropertyKey, unknown>)[name]),
    has: (_, name) => name in own || name in globalThis,
  });
}

/**
 * Compiles a CommonJS module under its own file name, and line by line as it stands there. Debuggers with the map of its
 * sources set their breakpoints when V8 is about to run the script: for `vm.compileFunction`, V8 never says so.
 */
function compile(file: string): Code {
  const head = "(function (exports, require, module, __filename, __dirname, process, globalThis, global, console) {";
  return new vm.Script(`${head}${readFileSync(file, "utf8")}\n})`, {
    filename: file,
    importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  }).runInThisContext() as Code;
}

const programs = new Map<string, Program>();
/** mutants are bundles too: what was compiled long ago is let go */
const MAX_PROGRAMS = 8;

/** The program of a bundle; compiled at most once while it is among the last ones used. */
export function programOf(bundle: Bundle): Program {
  const key = JSON.stringify([bundle.id, bundle.file, bundle.patterns, bundle.environment, bundle.external]);
  const program = programs.get(key) ?? new Program(bundle);
  programs.delete(key);
  programs.set(key, program);
  for (const old of [...programs.keys()].slice(0, -MAX_PROGRAMS)) programs.delete(old);
  return program;
}
