/**
 * Holds the code to the order of its rooms, which stands in CONTRIBUTING.md: a file imports from its own room and from those
 * above it, and from another room only through its `index.ts`. Part of `npm run lint`.
 *
 * Tests may import what they like. Exits with 1 when a file does otherwise, and names it.
 */
import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { projectRoot } from "../stack/index.ts";

/** Rooms whose inner rooms have doors of their own. */
const DOORS = /\/(?:index|testing)\.ts$/;

/** The rooms in their order, as CONTRIBUTING.md lists them: "harness/plan", or a single file. */
export function roomsIn(contributing: string): string[] {
  const rows = contributing.matchAll(/^\| `((?:src|harness|properties)[^`]*)` \|/gm);
  return [...rows].map(([, room = ""]) => room.replace(/\/$/, ""));
}

/** What a file imports: paths from the root of the project. */
export function importsOf(file: string, text: string): string[] {
  const specifiers = text.matchAll(/^(?:import|export)\b[^"';]*?from\s*"(\.[^"]+)"|^import\s*"(\.[^"]+)"/gm);
  return [...specifiers].map(([, from, bare]) => path.posix.join(path.posix.dirname(file), from ?? bare ?? ""));
}

/** What is wrong with an import, if anything. */
export function complaint(file: string, imported: string, rooms: readonly string[]): string | undefined {
  const [own, other] = [roomOf(file, rooms), roomOf(imported, rooms)];
  if (own === undefined) return `${file} is in no room of CONTRIBUTING.md`;
  if (other === undefined) return `${file} imports ${imported}, which is in no room of CONTRIBUTING.md`;
  if (own === other) return undefined;
  if (rooms.indexOf(other) > rooms.indexOf(own)) return `${file} imports ${imported}: ${other} is below ${own}`;
  if (other !== "src" && other.endsWith(".ts") === false && !DOORS.test(imported))
    return `${file} imports ${imported}: the door of ${other} is its index.ts`;
  return undefined;
}

const roomOf = (file: string, rooms: readonly string[]): string | undefined =>
  rooms.filter((room) => file === room || file.startsWith(`${room}/`)).sort((a, b) => b.length - a.length)[0];

if (import.meta.main) {
  const rooms = roomsIn(readFileSync(path.join(projectRoot, "CONTRIBUTING.md"), "utf8"));
  const files = globSync("{src,harness,properties}/**/*.ts", { cwd: projectRoot }).filter(
    (file) => !/\.(?:test|fixture)\.ts$/.test(file),
  );
  const complaints = files.flatMap((file) => {
    const imports = importsOf(file, readFileSync(path.join(projectRoot, file), "utf8"));
    return imports.flatMap((imported) => complaint(file, imported, rooms) ?? []);
  });
  for (const one of complaints) console.error(one);
  if (complaints.length > 0) process.exitCode = 1;
}
