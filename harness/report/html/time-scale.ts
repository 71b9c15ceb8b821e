/**
 * Real time on paper. A run is bursts of events with long waits between them, so a linear scale shows either the waits
 * or the bursts. Here waits beyond a length are folded to that length and labelled, and all else is to scale.
 */

export interface TimeScale {
  /** pixels from the top, per event */
  places: number[];
  /** pixels of the whole */
  height: number;
  folds: Fold[];
  ticks: Tick[];
}

/** A silence drawn shorter than it was. */
export interface Fold {
  from: number;
  to: number;
  milliseconds: number;
}

export interface Tick {
  place: number;
  at: number;
}

/** pixels: what a folded silence takes, the least between two events (so that each can be pointed at), the least height */
const folded = 88;
const apart = 2;
const shortest = 420;
/** pixels that an event has on average; a label is some 15 high */
const average = 26;
const betweenTicks = 64;
const margin = 12;

/** `times` are milliseconds in the order of the events; a step back in time counts as none. */
export function timeScale(times: number[]): TimeScale {
  const steps = times.map((at, index) => Math.max(0, at - (times[index - 1] ?? at)));
  const scale = pixelsPerMillisecond(steps, Math.max(shortest, times.length * average));
  const result: TimeScale = { places: [], height: 0, folds: [], ticks: [] };
  let place = margin;
  steps.forEach((step, index) => {
    const from = place;
    if (index > 0) place += Math.max(apart, Math.min(step * scale, folded));
    result.places.push(place);
    const at = times[index] ?? 0;
    if (step * scale > folded) {
      result.folds.push({ from, to: place, milliseconds: step });
      result.ticks.push({ place, at });
    } else addTicks(result.ticks, { place: from, at: at - step }, step, scale);
  });
  return { ...result, height: place + 2 * margin };
}

/** The scale at which the steps, each folded to its most, fill `height`; found by bisection, as the sum grows with it. */
function pixelsPerMillisecond(steps: number[], height: number): number {
  const longest = Math.max(...steps, 0);
  if (longest === 0) return 1;
  const filled = (scale: number) => steps.reduce((sum, step) => sum + Math.min(step * scale, folded), 0);
  const goal = Math.min(height, 0.5 * folded * steps.filter((step) => step > 0).length);
  let low = 0;
  let high = folded / Math.min(...steps.filter((step) => step > 0));
  for (let round = 0; round < 60; round++) {
    const middle = (low + high) / 2;
    if (filled(middle) < goal) low = middle;
    else high = middle;
  }
  return low;
}

/**
 * Adds the round times of a step that is drawn to scale, those that keep their distance from the tick before. There are
 * two at most, as no such step is longer than a fold; two are tried, whatever the numbers: counting up to an end would
 * never get there where the count is so large that adding one does not change it.
 */
function addTicks(ticks: Tick[], start: Tick, step: number, scale: number): void {
  const unit = roundUp(betweenTicks / scale);
  const first = Math.ceil(start.at / unit);
  for (const n of [first, first + 1]) {
    const place = start.place + (n * unit - start.at) * scale;
    if (n * unit <= start.at + step && place - (ticks.at(-1)?.place ?? Number.NEGATIVE_INFINITY) >= betweenTicks / 2)
      ticks.push({ place, at: n * unit });
  }
}

/** The next of 1, 2, 5, 10, 20, 50, ... */
function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 5, 10].find((factor) => factor * power >= value) ?? 10) * power;
}
