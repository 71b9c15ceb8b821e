/**
 * An id as a segment of a path or a part of a header, which carry ASCII only. Different ids are spelled differently, and most
 * as they are.
 */
export function spell(id: string): string {
  return encodeURIComponent(keyInPath(id));
}

/**
 * The id that a segment spells, whether its "=" is escaped or not.
 * @throws a URIError when its escapes make no sense
 */
export function readSpelled(segment: string): string {
  const id = decodeURIComponent(segment);
  return id.startsWith("=") && DOTS.test(id) ? id.slice(1) : id;
}

/**
 * An id as a key that is about to be escaped for a path. Every HTTP client resolves the segments "." and "..", escaped or not,
 * so these become "=." and "=..".
 */
export const keyInPath = (id: string): string => (DOTS.test(id) ? `=${id}` : id);

/** What is taken for a step in the tree of paths, and what stands for it: the latter needs another sign, to be told apart. */
const DOTS = /^=*\.{1,2}$/;
