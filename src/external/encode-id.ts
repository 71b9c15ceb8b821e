/**
 * Writes any id so that a path segment, a query or a header can carry it, and so that no two ids are ever written alike:
 * percent-encoded, and with "~" before what percents cannot say. A segment of one or two dots would be dropped from a
 * path, escaped or not: it becomes "~." or "~..". Half of a surrogate pair becomes "~u" and its four hexadecimal digits.
 */
export function encodeId(id: string): string {
  if (/^\.{1,2}$/.test(id)) return `~${id}`;
  return Array.from(id, encodeCharacter).join("");
}

function encodeCharacter(character: string): string {
  if (character === "~") return "%7E";
  if (character.isWellFormed()) return encodeURIComponent(character);
  return `~u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
