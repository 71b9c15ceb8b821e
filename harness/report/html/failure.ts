/** Why one property failed: the contradiction, the plan that provokes it, and everything that happened in its run. */

import type { Evidence } from "../../check/index.ts";
import type { Final } from "../../history/index.ts";
import { type FaultLabels, type Plan, planLines } from "../../plan/index.ts";
import type { Failure, PropertyProgress } from "../../record/index.ts";
import { confirmed } from "../confirmed.ts";
import { compact, duration, plural } from "../format.ts";
import { type Context, label, narrate } from "../narrate.ts";
import { eventsTable } from "./events-table.ts";
import { type Html, html } from "./html.ts";
import { timeline } from "./timeline.ts";

/** Evidence with more events than these is cut in the list; the timeline marks them all. */
const mostListed = 40;

export function failureSection(id: string, property: PropertyProgress, failure: Failure, labels: FaultLabels): Html {
  const { history, evidence } = failure;
  const context: Context = { operations: history.operations, labels };
  const input = { id: `${id}-timeline`, history, evidence: evidence.events, context };
  return html`<section class="failure" id="${id}">
<h2>${property.property}</h2>
<p class="about">${property.pattern} on ${history.stack} ${property.expected === undefined ? "breaks" : "is known to break, and was found to break,"} the invariant <b class="invariant">${failure.invariant}</b></p>
<div class="case">
<div class="contradiction">
<p class="sentence">${evidence.summary}</p>
${contrast(evidence)}
<h3>Evidence</h3>
${evidenceList(input.id, evidence, failure, context)}
</div>
<div class="plan">
<h3>The shrunk plan</h3>
${planList(failure.plan, labels)}
${circumstances(failure)}
</div>
</div>
<h3>What happened</h3>
${timeline(input)}
${eventsTable(input)}
${evidence.partials !== undefined && linearizations(evidence, failure)}
${finalState(history.final)}
</section>`;
}

function contrast({ expected, seen }: Evidence): Html | false {
  if (expected === undefined && seen === undefined) return false;
  return html`<dl class="contrast">
${expected !== undefined && html`<div><dt>Expected</dt><dd>${expected}</dd></div>`}
${seen !== undefined && html`<div class="seen"><dt>Seen</dt><dd>${seen}</dd></div>`}</dl>`;
}

function evidenceList(id: string, evidence: Evidence, { history }: Failure, context: Context): Html {
  const known = evidence.events.filter((index) => history.events[index] !== undefined);
  if (known.length === 0) return html`<p class="none">It names no single event.</p>`;
  const rest = known.length - mostListed;
  return html`<ol class="evidence-list">${known
    .slice(0, mostListed)
    .map(
      (index) =>
        html`<li><a href="#${id}-m${index}" data-event="${index}">${index}</a> ${narrate(history.events[index]!, context)}</li>`,
    )}</ol>${rest > 0 && html`<p class="none">and ${plural(rest, "more event")}</p>`}`;
}

function planList(plan: Plan, labels: FaultLabels): Html {
  return html`<ul class="lines">${planLines(plan, labels).map(
    ({ lead, text }) => html`<li class="${lead === "fault" && "fault"}"><b>${lead}</b><span>${text}</span></li>`,
  )}</ul>`;
}

function circumstances(failure: Failure): Html {
  const { original, shrink, rate, plan } = failure;
  const size = (operations: number, faults: number) => `${plural(operations, "operation")}, ${plural(faults, "fault")}`;
  const after = failure.found === undefined ? "" : `, after ${duration(failure.found)}`;
  const found = failure.seed === undefined ? undefined : `case ${failure.case ?? "?"} of seed ${failure.seed}${after}`;
  const rows: [string, string | undefined][] = [
    ["fails", `${rate.failed} of ${plural(rate.of, "run")} on ${rate.stack}`],
    ["real server", confirmed(failure)],
    ["found in", found],
    [
      "shrunk",
      `from ${size(original.operations, original.faults)} to ${size(plan.operations.length, plan.faults.length)}`,
    ],
    [
      "by",
      `${plural(shrink.runs, "run")} in ${duration(shrink.milliseconds)}, ${shrink.complete ? "to the end" : "until its budget ran out"}`,
    ],
    ["saved as", failure.saved],
  ];
  return html`<dl class="rows">${rows.filter(([, value]) => value !== undefined).map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
<p class="command"><code>${failure.replay}</code><button type="button" class="copy scripted">Copy</button></p>`;
}

function linearizations({ partials = [], events }: Evidence, { history }: Failure): Html {
  const { operations } = history;
  const operation = (index: number) => {
    const event = history.events[index];
    return event !== undefined && "operation" in event ? event.operation : undefined;
  };
  const answer = (id: string | undefined) => {
    const end = history.events.find(
      (event) => "operation" in event && event.operation === id && isCompletion(event.type),
    );
    return end === undefined
      ? "never completed"
      : `${end.type === "ok" ? "→" : end.type} ${label(end, { operations })}`;
  };
  const line = (index: number) => {
    const event = history.events[index];
    if (event === undefined) return html``;
    return html`<li>${label(event, { operations })} <span class="answer">${answer(operation(index))}</span></li>`;
  };
  const all = [...new Set([...partials.flat(), ...events.filter((index) => history.events[index]?.type === "invoke")])];
  return html`<h3>As far as an order can be found</h3>
<p class="hint">Each column is one longest sequence in which the answers still make sense; what is left over fits nowhere after it.</p>
<div class="partials">${partials.map((partial) => {
    const left = all.filter((index) => !partial.includes(index)).sort((a, b) => a - b);
    return html`<div><ol>${partial.map(line)}</ol>${left.length > 0 && html`<p>left over</p><ul>${left.map(line)}</ul>`}</div>`;
  })}</div>`;
}

const isCompletion = (type: string) => type === "ok" || type === "fail" || type === "info";

function finalState(final: Final): Html {
  const state = Object.entries(final.state);
  return html`<h3>At the end</h3>
<p class="${final.quiescent ? "settled" : "unsettled"}">${final.quiescent ? "Everything had come to rest." : "It never came to rest within its bound."}</p>
${final.unfinished.length > 0 && html`<h4>${plural(final.unfinished.length, "unfinished invocation")}</h4><ul class="unfinished">${final.unfinished.map((line) => html`<li>${line}</li>`)}</ul>`}
<div class="end">
${state.length > 0 && html`<div><h4>State</h4><dl class="rows">${state.map(([object, values]) => html`<div><dt>${object}</dt><dd>${Object.entries(values).map(([name, value]) => html`<code title="${compact(value, 2000)}">${name} = ${compact(value, 300)}</code>`)}</dd></div>`)}</dl></div>`}
</div>`;
}
