/**
 * A planted bug: a textual patch of one source file of the services, applied while they are bundled. It is the
 * smallest realistic mistake of its kind: it compiles, its happy path works, and it breaks what the pattern promises.
 */
export interface Mutant {
  /** what is wrong, in a few words; unique in its pattern */
  name: string;
  /** the patched file, as a path from the root of the repository */
  file: string;
  /** what is replaced; it occurs in the file exactly once */
  find: string;
  replace: string;
  /** names of the invariants that it breaks: it counts as killed when one of them fails */
  breaks: string[];
  /** how it comes to light, for a reader who wonders */
  note?: string;
}
