/** What the marks of a timeline mean: only of those that it shows. */

import { type Html, html } from "./html.ts";
import type { Layout } from "./timeline-layout.ts";

const meanings: [look: string, meaning: string][] = [
  ["invoke", "a client begins an operation"],
  ["ok", "answered"],
  ["fail", "refused"],
  ["info", "no answer: it may have happened"],
  ["started", "an attempt starts"],
  ["ended", "the attempt ends"],
  ["suspended", "the attempt suspends"],
  ["failed", "the attempt fails"],
  ["lost", "the attempt is lost"],
  ["effect", "an effect in an external system"],
  ["repeat", "the same call again: answered from memory"],
  ["refusal", "declined by the external system"],
  ["lapse", "undone by time"],
  ["learned", "learned after the fact: its client never heard"],
  ["death", "the service process ended by its own doing"],
  ["recovery", "everything is healed and left to end"],
  ["injected", "a fault is injected"],
  ["healed", "the fault heals"],
  ["missed", "a fault whose moment never came"],
];

export function legend(layout: Layout): Html {
  const shown = new Set(layout.marks.map(({ look }) => look));
  const rows = meanings.filter(([look]) => shown.has(look));
  return html`<ul class="legend" aria-label="Legend">${rows.map(([look, meaning]) => html`<li><span class="mark ${look}"></span>${meaning}</li>`)}
${layout.links.some(({ late }) => late) && html`<li><span class="arrow"></span>a request of an attempt that was over</li>`}
<li><span class="swatch"></span>named by the evidence</li></ul>`;
}
