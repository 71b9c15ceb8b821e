import { decodeId } from "./ids.ts";

/**
 * Whether a path fits a pattern, whose segments with a colon take any id.
 * @param segments the pattern, split at its slashes: ["", "rooms", ":room"]
 * @returns the parameters, decoded
 */
export function matchPath(segments: readonly string[], path: string): Record<string, string> | undefined {
  const actual = path.split("/");
  if (segments.length !== actual.length) return undefined;
  const params: [string, string][] = [];
  for (const [place, segment] of segments.entries()) {
    const text = actual[place] ?? "";
    if (!segment.startsWith(":")) {
      if (segment !== text) return undefined;
      continue;
    }
    const id = decodeId(text);
    if (id === undefined || id === "") return undefined;
    params.push([segment.slice(1), id]);
  }
  return Object.fromEntries(params);
}
