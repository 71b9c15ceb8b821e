/**
 * Ids are any texts, and a path or a header carries few of them. What travels there is percent-encoded, with "~" as a
 * second escape for what percents cannot say: a segment of one or two dots (a URL drops it, escaped or not) is "~." or
 * "~..", and half of a surrogate pair is "~u" with its four hexadecimal digits. A "~" of the id itself is always "%7E".
 * So no two ids are ever written alike, and whatever needs no escape stands as it is.
 *
 * @returns undefined for a text that no id is written as
 */
export function decodeId(text: string): string | undefined {
  const parts = text.replace(/^~(?=\.{1,2}$)/, "").split(/~u([0-9a-f]{4})/);
  try {
    return parts
      .map((part, place) =>
        place % 2 === 0 ? decodeURIComponent(part) : String.fromCharCode(Number.parseInt(part, 16)),
      )
      .join("");
  } catch {
    return undefined;
  }
}
