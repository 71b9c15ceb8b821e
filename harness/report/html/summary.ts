/** The first screen: what ran, how it went, and one row per property and stack. */

import type { PropertyProgress, PropertyVerdict, RecordedRun, RunStarted } from "../../record/index.ts";
import { endedEarly } from "../early.ts";
import { count, duration, plural, sumOf } from "../format.ts";
import { type Html, html } from "./html.ts";

/** The labels for a verdict, worst first: the order in which a summary counts them. */
const verdicts: [PropertyVerdict, string][] = [
  ["failed", "failed"],
  ["unknown", "unknown"],
  ["vacuous", "vacuous"],
  ["interrupted", "interrupted"],
  ["running", "running"],
  ["skipped", "skipped"],
  ["passed", "passed"],
];

/** How the run as a whole ended; a run without an end was interrupted, unless something had failed before. */
export function overall({ properties, ended }: RecordedRun): "passed" | "failed" | "interrupted" {
  if (ended !== undefined) return ended.verdict;
  return properties.some(({ verdict }) => verdict === "failed") ? "failed" : "interrupted";
}

/** "1 failed, 2 passed". */
export function tally(properties: PropertyProgress[]): string {
  const parts = verdicts.flatMap(([verdict, word]) => {
    const n = properties.filter((property) => property.verdict === verdict).length;
    return n === 0 ? [] : [`${count(n)} ${word}`];
  });
  return parts.length === 0 ? "no property ran" : parts.join(", ");
}

export function summary(run: RecordedRun): Html {
  const verdict = overall(run);
  return html`<header class="${verdict}">
<p class="brand">stormproof</p>
<h1><span class="verdict ${verdict}"><b></b>${headline[verdict]}</span></h1>
<p class="tally">${plural(run.properties.length, "property", "properties")}: ${tally(run.properties)}${run.ended === undefined && html`<span class="note">The run was cut off; this is what it had recorded.</span>`}</p>
${run.started !== undefined && facts(run.started, run)}
</header>
${run.properties.length > 0 && table(run.properties)}`;
}

const headline = { passed: "Passed", failed: "Failed", interrupted: "Interrupted" } as const;

function facts(started: RunStarted, run: RecordedRun): Html {
  const sum = (of: (property: PropertyProgress) => number) => run.properties.reduce((total, p) => total + of(p), 0);
  const injected = sum(({ faults }) => sumOf(faults, "injected"));
  const rows: [string, string | undefined][] = [
    ["seed", `${started.seed}`],
    ["generators", `version ${started.generator}`],
    ["stacks", started.stacks.join(", ")],
    ["subject", started.subject],
    ["mutants", started.mutants],
    ["replay", started.replay],
    ["judged only", started.only?.join(", ")],
    ["not judged", started.skip?.join(", ")],
    ["bound", bound(started)],
    ["cases", count(sum(({ cases }) => cases))],
    ["operations", count(sum(({ operations }) => operations))],
    ["faults injected", count(injected)],
    ["took", run.ended && duration(run.ended.milliseconds)],
    ["started", started.started.replace("T", " ").replace(/(\.\d+)?Z$/, " UTC")],
    ...Object.entries(started.environment),
  ];
  const known = rows.filter(([, value]) => value !== undefined);
  return html`<dl class="facts">${known.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

function bound({ runs, budget }: RunStarted): string | undefined {
  const parts = [runs !== undefined && plural(runs, "case"), budget !== undefined && duration(budget)].filter(Boolean);
  return parts.length === 0 ? undefined : `${parts.join(" or ")} per property`;
}

function table(properties: PropertyProgress[]): Html {
  const columns = [
    "Verdict",
    "Property",
    "Cases",
    "Operations",
    "Time",
    "Faults injected of planned",
    "Scenarios reached",
  ];
  return html`<table class="summary">
<thead><tr>${columns.map((column) => html`<th scope="col">${column}</th>`)}</tr></thead>
<tbody>${properties.map(row)}</tbody></table>`;
}

/** Where the section of a property's failure is on the page. */
export const anchor = (index: number): string => `failure-${index + 1}`;

function row(property: PropertyProgress, index: number): Html {
  const link = property.failure !== undefined && html`<a href="#${anchor(index)}">why</a>`;
  return html`<tr class="${property.verdict}">
<td><span class="verdict ${property.verdict}"><b></b>${property.verdict}</span></td>
<th scope="row"><span class="name">${property.property}</span> ${link}
<span class="about">${property.pattern} on ${property.stack}</span>
${property.reason !== undefined && html`<span class="reason">${property.reason}</span>`}
<span class="invariants">${property.invariants.join(" · ")}</span>
${property.unjudged !== undefined && html`<span class="invariants">not judged: ${property.unjudged.join(" · ")}</span>`}
${Object.entries(property.differs ?? {}).map(([invariant, reason]) => html`<span class="reason">differs as declared: ${invariant}: ${reason}</span>`)}</th>
<td class="number" data-label="cases">${count(property.cases)}</td>
<td data-label="operations"><b>${count(property.operations)}</b>${outcomeList(property)}</td>
<td class="number" data-label="time">${duration(property.milliseconds)}</td>
<td>${faultList(property)}</td>
<td>${scenarioList(property)}${crashPointList(property)}</td></tr>
`;
}

/** The class of what never happened: where a run ended early, what it did not come to is no reproach. */
const neverClass = ({ verdict }: PropertyProgress): string => (endedEarly(verdict) ? "early" : "zero");

function faultList(property: PropertyProgress): Html {
  const { faults } = property;
  const kinds = Object.entries(faults);
  if (kinds.length === 0) return html`<span class="none">none planned</span>`;
  return html`<ul class="tallies">${kinds.map(
    ([kind, { planned, injected }]) =>
      html`<li class="${planned > 0 && injected === 0 && neverClass(property)}"><span>${kind}</span><b>${count(injected)}<small> of ${count(planned)}</small></b></li>`,
  )}</ul>`;
}

function scenarioList(property: PropertyProgress): Html {
  const all = Object.entries(property.scenarios);
  if (all.length === 0) return html`<span class="none">none declared</span>`;
  const reached = all.filter(([, n]) => n > 0).length;
  return html`<p class="reached">${reached} of ${all.length}</p><ul class="tallies scenarios">${all.map(
    ([scenario, n]) =>
      html`<li class="${n === 0 && neverClass(property)}"><b>${n === 0 ? "never" : count(n)}</b><span>${scenario}</span></li>`,
  )}</ul>`;
}

/** Between how many messages of each handler something struck. */
function crashPointList({ crashPoints = {} }: PropertyProgress): Html | false {
  const all = Object.entries(crashPoints);
  if (all.length === 0) return false;
  const [struck, of] = [sumOf(crashPoints, "struck"), sumOf(crashPoints, "of")];
  return html`<details><summary>${count(struck)} of ${count(of)} crash points</summary><ul class="tallies">${all.map(
    ([handler, one]) =>
      html`<li><span>${handler}</span><b>${count(one.struck)}<small> of ${count(one.of)}, ${count(one.repeats)} effects repeated</small></b></li>`,
  )}</ul></details>`;
}

/** How the operations of each kind ended, and what external systems refused. */
function outcomeList({ outcomes, systems }: PropertyProgress): Html {
  const kinds = Object.entries(outcomes);
  if (kinds.length === 0) return html`<span class="none">none</span>`;
  return html`<ul class="tallies outcomes">${kinds.map(
    ([kind, { ok, fail, info }]) =>
      html`<li><span>${kind}</span><b>${count(ok)}<small> ok, ${count(fail)} fail, ${count(info)} info</small></b></li>`,
  )}${Object.entries(systems).map(
    ([system, { calls, refusals }]) =>
      html`<li><span>${system}</span><b>${count(calls)}<small> calls, ${count(refusals)} refused</small></b></li>`,
  )}</ul>`;
}
