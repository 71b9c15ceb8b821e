import path from "node:path";
import type { Plugin } from "esbuild";
import { capturingSdk } from "../adapters/index.ts";

/**
 * Replaces modules while bundling: packages by their names, and files by a relative specifier from the subject's module,
 * wherever they are imported from.
 *
 * @param module absolute path of the subject's module
 * @param alias what is replaced -> by what: a package, or a file relative to the module
 */
export function replace(module: string, alias: Readonly<Record<string, string>>): Plugin {
  const folder = path.dirname(module);
  const absolute = (specifier: string) => (specifier.startsWith(".") ? path.resolve(folder, specifier) : specifier);
  const byFile = new Map(
    Object.entries(alias).map(([from, to]) => [absolute(from), { from, to: absolute(to) }] as const),
  );
  return {
    name: "replacements",
    setup(build) {
      build.onResolve({ filter: /.*/ }, async ({ path: specifier, importer, resolveDir, kind, pluginData }) => {
        if (pluginData === REPLACED || importer === "") return undefined;
        const whole = specifier.startsWith(".") ? path.resolve(resolveDir, specifier) : specifier;
        const entry = byFile.get(whole) ?? byFile.get(withoutExtension(whole));
        if (!entry || importer === entry.to) return undefined;
        return build.resolve(entry.to, { importer, resolveDir, kind, pluginData: REPLACED });
      });
    },
  };
}

const REPLACED = Symbol("replaced");
const withoutExtension = (file: string): string => file.replace(/\.[cm]?[jt]sx?$/, "");

/** Puts an SDK in the place of Restate's that only notes which services are handed to `serve()`. */
export function captureServices(): Plugin {
  return {
    name: "captured services",
    setup(build) {
      build.onResolve({ filter: /^@restatedev\/restate-sdk$/ }, ({ namespace }) =>
        namespace === "capturing-sdk" ? undefined : { path: "sdk", namespace: "capturing-sdk" },
      );
      build.onLoad({ filter: /.*/, namespace: "capturing-sdk" }, () => ({
        contents: capturingSdk,
        loader: "js",
        resolveDir: process.cwd(),
      }));
    },
  };
}

/** Takes nothing for every module that a file imports: so its own text can be evaluated alone. */
export function withoutImports(): Plugin {
  return {
    name: "without imports",
    setup(build) {
      build.onResolve({ filter: /.*/ }, ({ kind }) =>
        kind === "entry-point" ? undefined : { path: "nothing", namespace: "nothing" },
      );
      build.onLoad({ filter: /.*/, namespace: "nothing" }, () => ({ contents: NOTHING, loader: "js" }));
    },
  };
}

/** A module of which every export is the same nothing: it can be read, called, spread over a list, and is never used. */
export const NOTHING = `"use strict";
const nothing = new Proxy(function () {}, {
  get: (_, name) =>
    name === Symbol.iterator ? [][Symbol.iterator].bind([]) : name === Symbol.toPrimitive ? () => "" : nothing,
  getPrototypeOf: () => nothing,
  apply: () => nothing,
  construct: () => nothing,
});
module.exports = nothing;
`;
