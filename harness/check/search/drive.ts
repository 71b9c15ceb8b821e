import type { Finding, Search } from "./search.ts";

/** Short enough that a proxy in the same process keeps its pace. */
const slice = 4;

// Not through the global: a simulated run puts a scheduler of its own there.
const turn = globalThis.setImmediate;

/** Searches to the end, and leaves the event loop to others between slices. */
export async function unhurried(search: Pick<Search<unknown, unknown, unknown>, "step">): Promise<Finding> {
  for (;;) {
    const finding = search.step(slice);
    if (finding !== undefined) return finding;
    await new Promise((resolve) => turn(resolve));
  }
}
