import { expect, test } from "vitest";
import type { PropertyProgress, RecordedRun } from "../../record/index.ts";
import { longHistory, progress, restlessTrip, started, twoWinners } from "../samples.ts";
import { page } from "./page.ts";
import { layOut } from "./timeline-layout.ts";

const failed = (failure: PropertyProgress["failure"]) =>
  progress({ verdict: "failed", reason: "one winner", ...(failure && { failure }) });
const run = (...properties: PropertyProgress[]): RecordedRun => ({ started, properties, unreadable: 0 });
/** The page without its own style and script, tags as they are, runs of white space as one. */
const body = (of: RecordedRun) => {
  const text = page(of);
  return text.slice(text.indexOf("<body>"), text.indexOf("<script>")).replace(/\s+/g, " ");
};
const text = (of: RecordedRun) =>
  body(of)
    .replace(/<[^>]*>/g, " ")
    .replace(/\s+/g, " ");
const count = (haystack: string, needle: string) => haystack.split(needle).length - 1;

test("the first screen: verdict, seed, versions, and a row per property and stack", () => {
  const told = text({
    ...run(progress(), progress({ stack: "simulated" }), failed(undefined)),
    ended: { type: "end", verdict: "failed", milliseconds: 73_210 },
  });
  expect(told).toContain("Failed");
  expect(told).toContain("3 properties: 1 failed, 2 passed");
  expect(told).toContain("seed 424242");
  expect(told).toContain("took 1 min 13 s");
  expect(told).toContain("restate-server 1.7.12");
  expect(told).toContain("durable-rpc on native");
  expect(told).toContain("durable-rpc on simulated");
  expect(told).toContain("cut-stream 398 of 410");
});

test("what never happened is marked", () => {
  const told = body(run(progress({ faults: { zombie: { planned: 3, injected: 0 } }, scenarios: { overlap: 0 } })));
  expect(told).toContain('<li class="zero"><span>zombie</span><b>0<small> of 3</small></b></li>');
  expect(told).toContain('<li class="zero"><b>never</b><span>overlap</span></li>');
});

test("what a run that ended early had not come to yet is grey, and no reproach", () => {
  const never = { faults: { zombie: { planned: 3, injected: 0 } }, scenarios: { overlap: 0 } };
  for (const verdict of ["failed", "interrupted"] as const) {
    const told = body(run(progress({ verdict, ...never })));
    expect(told).toContain('<li class="early"><span>zombie</span>');
    expect(told).toContain('<li class="early"><b>never</b><span>overlap</span></li>');
    expect(told).not.toContain('class="zero"');
  }
  expect(page(run())).toMatch(/\.tallies \.early \{\s+color: var\(--faint\);/);
});

test("how operations ended, by kind, and what external systems refused", () => {
  const told = text(
    run(progress({ outcomes: { reserve: { ok: 7, fail: 2, info: 1 } }, systems: { cars: { calls: 9, refusals: 4 } } })),
  );
  expect(told).toContain("reserve 7 ok, 2 fail, 1 info");
  expect(told).toContain("cars 9 calls, 4 refused");
});

test("a run in which not all invariants were judged says which", () => {
  const told = text({
    ...run(progress()),
    started: { ...started, only: ["linearizable"], skip: ["one winner", "ends"] },
  });
  expect(told).toContain("judged only linearizable");
  expect(told).toContain("not judged one winner, ends");
});

test("every look of a mark has a shape", () => {
  const { marks } = layOut(restlessTrip().history);
  const style = page(run());
  for (const look of new Set(marks.map(({ look }) => look)))
    expect(style).toMatch(new RegExp(`\\.mark\\.${look} \\{\\s+--tone: [^;]+;\\s+--shape:`));
});

test("a run without an end was cut off, and is not called passed", () => {
  expect(text(run(progress()))).toContain("Interrupted");
  expect(text(run(progress()))).toContain("The run was cut off");
  expect(text(run(progress(), failed(undefined)))).toContain("Failed");
  expect(text({ properties: [], unreadable: 2 })).toContain("2 lines of the run's record could not be read");
});

test("a failure is told in full", () => {
  const told = text(run(progress(), failed(twoWinners())));
  expect(told).toContain("breaks the invariant one winner");
  expect(told).toContain("@p1 went to o1 (reserve) and to o2 (reserve): both were answered true.");
  expect(told).toContain("Expected at most one reservation of @p1 is answered true");
  expect(told).toContain("Seen @r1 and @r2 are both answered true");
  expect(told).toContain("o2 client B: reserve(product: @p1, reservation: @r2)");
  expect(told).toContain("fault the endpoint is killed (kill-endpoint) before the 2nd message to the server");
  expect(told).toContain("fails 10 of 10 runs on native");
  expect(told).toContain("from 14 operations, 3 faults to 3 operations, 1 fault");
  expect(told).toContain("case 37 of seed 424242");
  expect(told).toContain("REPLAY=reports/corpus/durable-rpc-one-winner-5f2c.json npx vitest run");
  expect(told).toContain("product/@p1 reserved = true by = &quot;@r1&quot;");
  expect(told).toContain("7 o2 (client B) is answered true");
});

test("a run that never came to rest says what was left", () => {
  const told = text(run(failed(restlessTrip())));
  expect(told).toContain("It never came to rest within its bound.");
  expect(told).toContain("1 unfinished invocation BookingWorkflow/@t1/run: backing-off, 570 journal mismatch");
});

test("the longest partial linearizations are lists, with what fits in none", () => {
  const told = text(run(failed(twoWinners())));
  expect(told).toContain(
    "o1 reserve(product: @p1, reservation: @r1) → true o3 status(product: @p1) → true left over o2 reserve(product: @p1, reservation: @r2) → true",
  );
  expect(told).toContain(
    "o2 reserve(product: @p1, reservation: @r2) → true o3 status(product: @p1) → true left over o1 reserve(product: @p1, reservation: @r1) → true",
  );
});

test("the timeline marks every event once, evidence among them, and the table has them all", () => {
  const failure = restlessTrip();
  const told = body(run(failed(failure)));
  const events = failure.history.events.length;
  failure.history.events.forEach((_, index) => {
    expect(count(told, `id="failure-1-timeline-m${index}"`), `mark ${index}`).toBe(1);
    expect(count(told, `<tr id="failure-1-timeline-e${index}"`), `row ${index}`).toBe(1);
  });
  expect(count(told, 'class="mark effect')).toBe(
    failure.history.events.filter(({ type }) => type === "effect").length + 1 /* the legend */,
  );
  expect(told).toContain(`All ${events} events as a table`);
  expect(told.match(/class="mark [a-z ]*evidence"[^>]*-m(\d+)"/g)).toHaveLength(3);
  expect(count(told, 'class="band"')).toBe(3);
});

test("nothing of a service becomes markup, and nothing reaches out of the file", () => {
  const evil = "</script></style><img src=x onerror=alert(1)>\"'";
  const failure = twoWinners();
  failure.evidence.summary = failure.invariant = failure.replay = failure.saved = evil;
  failure.history.final.unfinished = [evil];
  failure.history.final.state = { [evil]: { [evil]: evil } };
  failure.plan.operations.push({ id: evil, client: evil, kind: evil, args: evil });
  for (const event of failure.history.events) {
    if (event.type === "ok") event.value = evil;
    if (event.type === "attempt") event.target = evil;
    if (event.type === "fault") event.kind = event.detail = evil;
  }
  const whole = page({
    ...run({
      ...failed(failure),
      property: evil,
      pattern: evil,
      reason: evil,
      scenarios: { [evil]: 0 },
      invariants: [evil],
    }),
    started: { ...started, subject: evil, environment: { [evil]: evil } },
  });
  expect(whole).not.toContain("<img");
  expect(whole).not.toMatch(/onerror=alert\(1\)&gt;["']/);
  expect(count(whole, "</script>")).toBe(1);
  expect(count(whole, "</style>")).toBe(2);
  expect(count(whole, "&lt;img")).toBeGreaterThan(15);
  const addresses = [...whole.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, address]) => address);
  expect(addresses.filter((address) => !address!.startsWith("#") && address !== "data:,")).toEqual([]);
  const urls = whole.match(/(?:url\("?|https?:\/\/)[^"')]*/g)!.filter((url) => !url.startsWith('url("data:'));
  expect(new Set(urls)).toEqual(new Set(["http://www.w3.org/2000/svg"]));
});

test("the table of events shows the request that went over the wire", () => {
  const told = body(run(failed(twoWinners())));
  expect(told).toContain(
    "&quot;request&quot;:{&quot;call&quot;:&quot;product/reserve&quot;,&quot;key&quot;:&quot;@p1&quot;,&quot;idempotencyKey&quot;:&quot;@r1&quot;}",
  );
});

test("evidence that names events which are not there does no harm", () => {
  const failure = twoWinners();
  failure.evidence = { summary: "nothing to see", events: [-1, 99], partials: [[99], []] };
  expect(text(run(failed(failure)))).toContain("It names no single event.");
  failure.history.events = [];
  expect(text(run(failed(failure)))).toContain("Nothing happened in this run");
});

test("thousands of events are cut into chunks that a browser lays out when they come into view", () => {
  const failure = longHistory(850);
  const { events } = failure.history;
  expect(events.length).toBeGreaterThan(5000);
  const begun = performance.now();
  const told = body(run(failed(failure)));
  expect(performance.now() - begun).toBeLessThan(5000);
  expect(count(told, 'class="chunk"')).toBe(Math.ceil(events.length / 150));
  expect(count(told, 'id="failure-1-timeline-m')).toBe(events.length);
});
