import { readFileSync } from "node:fs";

const beside = (file: string): string => readFileSync(new URL(file, import.meta.url), "utf8");

/**
 * The page of the external systems. What the ledger says is written by the script, as text.
 * @param systems how each behaves; their names are our own, and need no escaping
 * @param behaviours what there is to choose from, with what it means
 */
export const page = (
  systems: Readonly<Record<string, string>>,
  behaviours: Readonly<Record<string, string>>,
): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>External systems · stormproof</title>
<link rel="icon" href="data:,">
<style>${beside("page.css")}</style>
<h1>External systems</h1>
<ul>
${Object.entries(systems)
  .map(([name, now]) => `<li><label>${name} <select name="${name}">${options(behaviours, now)}</select></label>`)
  .join("\n")}
</ul>
<h2>Ledger <span id="count"></span></h2>
<p id="none">Nothing has happened yet.</p>
<table hidden>
<thead><tr><th>time<th>system<th>what<th><th>key<th>belongs to<th>content</thead>
<tbody aria-live="polite"></tbody>
</table>
<script>${beside("page.browser.js")}</script>
</html>
`;

const options = (behaviours: Readonly<Record<string, string>>, now: string): string =>
  Object.entries(behaviours)
    .map(([name, meaning]) => {
      const text = name === meaning ? name : `${name}: ${meaning}`;
      return `<option value="${name}"${name === now ? " selected" : ""}>${text}</option>`;
    })
    .join("");
