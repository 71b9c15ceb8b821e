/**
 * The space-time diagram of a history as plain markup: it needs no script to be read. Every place is written twice, as
 * custom properties of its element (--o a row in the order of events, --t a height in time), and the style sheet picks
 * one; so switching between the two, and zooming, redraws nothing.
 *
 * What lies within some rows is a chunk of its own, which a browser lays out only when it comes into view: histories
 * of thousands of events open at once.
 */

import type { History } from "../../history/index.ts";
import { duration, plural } from "../format.ts";
import type { Context } from "../narrate.ts";
import { type Html, html } from "./html.ts";
import { legend } from "./legend.ts";
import { type TimeScale, timeScale } from "./time-scale.ts";
import { type Bar, type Lane, type Layout, type Link, layOut, type Mark } from "./timeline-layout.ts";

/** `id` tells the timelines of a page apart: mark number 3 is the element `${id}-m3`, its row in the table `${id}-e3`. */
export interface TimelineInput {
  id: string;
  history: History;
  /** indices of the events that the evidence names */
  evidence: readonly number[];
  context: Context;
}

const rowsPerChunk = 150;

export function timeline({ id, history, evidence }: TimelineInput): Html {
  const events = history.events.length;
  if (events === 0) return html`<p class="none">Nothing happened in this run: there is no timeline.</p>`;
  const layout = layOut(history);
  const time = timeScale(history.events.map(({ at }) => at));
  const named = new Set(evidence.filter((index) => layout.marks[index] !== undefined));
  const { across, chunks } = split(layout, events);
  const size = `--lanes:${layout.lanes.length};--rows:${events};--height:${Math.ceil(time.height)}`;
  return html`<figure class="timeline" id="${id}" style="${size}">
${tools(id, named.size)}
<div class="view" tabindex="0" role="group" aria-label="Timeline of ${plural(events, "event")}; the same is in the table below. Arrow keys go from event to event, left and right through the evidence.">
${heads(layout.lanes)}
<div class="canvas">
<div class="gutter" aria-hidden="true"><pre class="numbers">${numbers(history)}</pre>${clock(time)}</div>
<div class="field">
${layout.lanes.map((lane, index) => html`<i class="lane ${first(layout.lanes, index) && "first"} ${lane.group}" style="--l:${index}"></i>`)}
${[...named].map((index) => html`<i class="band" style="${place(index, time)}"></i>`)}
<i class="cursor"></i>
${across.bars.map((bar) => drawBar(bar, time, events))}
${chunks.map((chunk) => drawChunk(id, chunk, time, events, named))}
${time.folds.map(({ from, to, milliseconds }) => html`<i class="fold" style="--t:${px(from)};--u:${px(to)}"><span>${duration(milliseconds)}</span></i>`)}
</div></div></div>
<aside class="detail"><div class="event" aria-live="polite"></div>${legend(layout)}</aside>
</figure>`;
}

function tools(id: string, evidence: number): Html {
  const mode = (value: string, text: string, checked: boolean) =>
    html`<label><input type="radio" name="${id}-mode" value="${value}" ${checked && html`checked`}> ${text}</label>`;
  return html`<div class="tools scripted">
<span class="switch" role="radiogroup" aria-label="What the height means">${mode("order", "Order of events", true)}${mode("time", "Real time", false)}</span>
<span class="zoom"><button type="button" data-zoom="0.5" aria-label="Shorter">−</button><button type="button" data-zoom="2" aria-label="Taller">+</button></span>
${evidence > 0 && html`<span class="steps"><span class="key">Evidence</span><button type="button" data-step="-1" aria-label="Previous event of the evidence">↑</button><button type="button" data-step="1" aria-label="Next event of the evidence">↓</button></span>`}
<span class="hint">Point at an event, or use the arrow keys</span>
</div>`;
}

function heads(lanes: Lane[]): Html {
  const groups = [...Map.groupBy(lanes, ({ group }) => group)];
  return html`<div class="heads"><span class="corner"><i>#</i><i>ms</i></span>
${groups.map(([group, members]) => html`<span class="group first" style="--span:${members.length}"><b>${groupName[group]}</b></span>`)}
${lanes.map((lane, index) => html`<span class="head ${first(lanes, index) && "first"}" title="${lane.title}"><b>${breakable(lane.title)}</b>${lane.subtitle !== undefined && html`<small>${lane.subtitle}</small>`}</span>`)}
</div>`;
}

/** May be broken after each slash. */
const breakable = (path: string) => path.split("/").map((part, index) => html`${index > 0 && html`/<wbr>`}${part}`);

const groupName: Record<Lane["group"], string> = {
  clients: "Clients",
  invocations: "Invocations",
  systems: "External systems",
};

/** One line of text per row: a single element, however many events there are. */
function numbers(history: History): string {
  return history.events.map(({ at }, index) => `${String(index).padStart(4)} ${at.toFixed(1).padStart(8)}`).join("\n");
}

function clock(time: TimeScale): Html {
  return html`<span class="clock">${time.ticks.map(({ place, at }) => html`<i style="--t:${px(place)}">${instant(at)}</i>`)}</span>`;
}

/** Precise enough to tell one tick from the next. */
const instant = (at: number) => (at < 1000 ? `${Number(at.toFixed(1))} ms` : `${(at / 1000).toFixed(3)} s`);

/** Some rows and what lies within them. */
interface Chunk {
  from: number;
  to: number;
  bars: Bar[];
  links: Link[];
  marks: Mark[];
}

/** The chunks, and the bars that reach across several. */
function split({ bars, links, marks }: Layout, events: number): { chunks: Chunk[]; across: { bars: Bar[] } } {
  const chunks = Array.from({ length: Math.ceil(events / rowsPerChunk) }, (_, index): Chunk => {
    const from = index * rowsPerChunk;
    return { from, to: Math.min(events, from + rowsPerChunk) - 1, bars: [], links: [], marks: [] };
  });
  const chunkOf = (event: number) => chunks[Math.floor(event / rowsPerChunk)]!;
  const across: Bar[] = [];
  for (const bar of bars) {
    const chunk = chunkOf(bar.from);
    (chunk === chunkOf(bar.to ?? events - 1) ? chunk.bars : across).push(bar);
  }
  for (const link of links) chunkOf(link.event).links.push(link);
  for (const mark of marks) chunkOf(mark.event).marks.push(mark);
  return { chunks, across: { bars: across } };
}

function drawChunk(id: string, chunk: Chunk, time: TimeScale, events: number, named: Set<number>): Html {
  const { from, to } = chunk;
  const bottom = to === events - 1 ? time.height : time.places[to]!;
  const box = `--o0:${from};--p0:${to + 1};--t0:${px(time.places[from]!)};--u0:${px(bottom)}`;
  return html`<div class="chunk" style="${box}">
${chunk.bars.map((bar) => drawBar(bar, time, events))}${chunk.links.map((link) => drawLink(link, time))}
${chunk.marks.map((mark) => drawMark(id, mark, time, named.has(mark.event)))}</div>
`;
}

function drawBar(bar: Bar, time: TimeScale, events: number): Html {
  const to = bar.to ?? events - 1;
  const bottom = bar.to === undefined ? time.height : time.places[to]!;
  const where = `${place(bar.from, time)};--p:${to};--u:${px(bottom)};--s:${bar.slot}`;
  const lane = bar.lane === undefined ? "" : `;--l:${bar.lane}`;
  return html`<i class="bar ${bar.what} ${bar.end}" style="${where}${lane}" ${related(bar.operation)}></i>`;
}

function drawLink({ event, from, to, what, late }: Link, time: TimeScale): Html {
  const direction = from < to ? "right" : "left";
  const ends = `--a:${Math.min(from, to)};--b:${Math.max(from, to)}`;
  return html`<i class="link ${what} ${direction} ${late && "late"}" style="${place(event, time)};${ends}"></i>`;
}

function drawMark(id: string, mark: Mark, time: TimeScale, evidence: boolean): Html {
  const { event, lane, look, label, operation } = mark;
  const length = mark.opposite === undefined ? 0 : time.places[mark.opposite]! - time.places[event]!;
  const inLane = `--l:${lane};--s:${mark.slot};--d:${px(length)}`;
  const where = lane === undefined ? place(event, time) : `${place(event, time)};${inLane}`;
  const looks = [look, lane === undefined && "across", wide.has(look) && "wide", evidence && "evidence"];
  const text = lane === undefined ? html`<span>${label}</span>` : label;
  return html`<a class="mark ${looks.filter(Boolean).join(" ")}" id="${id}-m${event}" href="#${id}-e${event}" tabindex="-1" style="${where}" ${related(operation)}>${text}</a>
`;
}

/** Looks whose label may run on over the lanes to its right, where nothing else is in its row. */
const wide = new Set(["effect", "repeat", "refusal", "lapse", "failed"]);
const related = (operation: string | undefined) => operation !== undefined && html`data-operation="${operation}"`;
const place = (event: number, time: TimeScale) => `--o:${event};--t:${px(time.places[event]!)}`;
const px = (pixels: number) => Math.round(pixels * 10) / 10;
const first = (lanes: Lane[], index: number) => lanes[index]?.group !== lanes[index - 1]?.group;
