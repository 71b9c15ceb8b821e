/** Milliseconds of real time. Not read through the global, where a simulated run puts a clock of its own. */
export const now: () => number = performance.now.bind(performance);
