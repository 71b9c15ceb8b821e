/** The events of a history as a table: what a timeline shows, for those who read, search, or cannot see it. */

import { cut, plural } from "../format.ts";
import { narrate } from "../narrate.ts";
import { type Html, html } from "./html.ts";
import type { TimelineInput } from "./timeline.ts";

/** An event's JSON beyond this many characters is cut: a payload of megabytes helps nobody here. */
const longestEvent = 20_000;

export function eventsTable({ id, history, evidence, context }: TimelineInput): Html {
  const named = new Set(evidence);
  return html`<details class="events"><summary>All ${plural(history.events.length, "event")} as a table</summary>
<div class="scroll"><table>
<thead><tr><th scope="col">#</th><th scope="col">ms</th><th scope="col">What happened</th><th scope="col">Event</th></tr></thead>
<tbody>
${history.events.map(
  (
    event,
    index,
  ) => html`<tr id="${id}-e${index}" class="${named.has(index) && "evidence"}"><td>${index}</td><td>${event.at.toFixed(1)}</td><td>${narrate(event, context)}</td><td><code>${cut(JSON.stringify(event), longestEvent)}</code></td></tr>
`,
)}</tbody></table></div></details>`;
}
