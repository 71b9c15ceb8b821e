/** The report of a run: one file that needs nothing else, neither network nor, to be read, its script. */

import { readFileSync } from "node:fs";
import type { PropertyProgress, RecordedRun } from "../../record/index.ts";
import { plural } from "../format.ts";
import { failureSection } from "./failure.ts";
import { html, inline } from "./html.ts";
import { anchor, overall, summary, tally } from "./summary.ts";

/** The whole document as text. */
export function page(recorded: RecordedRun): string {
  const run = { ...recorded, properties: worstFirst(recorded.properties) };
  const labels = run.started?.labels ?? {};
  const failures = run.properties.flatMap((property, index) =>
    property.failure === undefined ? [] : [failureSection(anchor(index), property, property.failure, labels)],
  );
  return `<!doctype html>\n${html`<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${overall(run)}: ${tally(run.properties)} · stormproof</title>
<link rel="icon" href="data:,">
${inline("style", beside("page.css"))}
${inline("style", beside("timeline.css"))}
</head>
<body>
${summary(run)}
<main>${failures}</main>
<footer>${run.unreadable > 0 && html`<p>${plural(run.unreadable, "line")} of the run's record could not be read.</p>`}</footer>
${inline("script", beside("page.browser.js"))}
</body>
</html>`}\n`;
}

/** What failed is what a reader came for. */
const worstFirst = (properties: PropertyProgress[]): PropertyProgress[] =>
  properties.toSorted((a, b) => Number(a.verdict === "passed") - Number(b.verdict === "passed"));

const beside = (file: string): string => readFileSync(new URL(file, import.meta.url), "utf8");
