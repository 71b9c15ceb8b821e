import path from "node:path";
import type { Plugin } from "esbuild";
import { NOTHING } from "./replacements.ts";

/**
 * Leaves the code of patterns out that are not served: a process that starts evaluates all that is in its bundle, and
 * simulated ones start in every case. What belongs to a pattern alone is told by its place: a folder beside the subject's
 * module that has the pattern's name. Only what the module itself imports from there is left out; what the served patterns
 * import stays.
 *
 * @param module absolute path of the subject's module
 */
export function leaveOut(module: string, patterns: readonly string[]): Plugin {
  const folders = new Set(patterns);
  return {
    name: "patterns left out",
    setup(build) {
      build.onResolve({ filter: /^\.\.?\// }, ({ importer, path: imported, kind }) => {
        if (importer !== module || kind !== "import-statement") return undefined;
        const [folder, ...within] = path.posix.normalize(imported).split("/");
        return folders.has(folder!) && within.length > 0 ? { path: folder!, namespace: "left-out" } : undefined;
      });
      build.onLoad({ filter: /.*/, namespace: "left-out" }, () => ({ contents: NOTHING, loader: "js" }));
    },
  };
}
