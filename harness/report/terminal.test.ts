import { expect, test } from "vitest";
import { progress, restlessTrip, started, twoWinners } from "./samples.ts";
import { Terminal, type TerminalOptions } from "./terminal.ts";

/** A terminal that writes into `text()`, with a clock that stands still until it is moved. */
function terminal(options: Partial<TerminalOptions> = {}) {
  let text = "";
  let time = 0;
  const it = new Terminal({
    stream: { write: (more: string) => (text += more) },
    isTTY: false,
    columns: () => 80,
    colours: false,
    now: () => time,
    labels: started.labels ?? {},
    ...options,
  });
  return {
    it,
    text: () => text,
    lines: () => text.split("\n"),
    pass: (milliseconds: number) => (time += milliseconds),
  };
}

const running = progress({ verdict: "running", cases: 120, milliseconds: 5000 });

test("it says what is about to run", () => {
  const { it, text } = terminal();
  it.started({ ...started, runs: 500, replay: "a.json" });
  expect(text()).toBe(
    "stormproof  seed 424242 (generators 1) · on native · 500 cases or 20.0 s per property · replaying a.json\n",
  );
});

test("on a terminal there is one live line, rewritten in place, never wider than the window", () => {
  const { it, text, pass } = terminal({ isTTY: true, columns: () => 200 });
  it.started(started);
  const before = text().length;
  it.progress(running);
  expect(text().slice(before)).toBe(
    "\r\x1b[2Ka product is reserved once (native) · case 120 (24.0/s) · 15.0 s left · 631 injected: 398 cut-stream, 197 cut-connection, 18 kill-endpoint, 11 zombie, 7 kill-server",
  );
  it.progress(running);
  expect(text().match(/\r/g)).toHaveLength(1);
  pass(100);
  it.progress(running);
  expect(text().match(/\r/g)).toHaveLength(2);

  const narrow = terminal({ isTTY: true, columns: () => 40 });
  narrow.it.progress(running);
  const line = narrow.text().slice("\r\x1b[2K".length);
  expect(line).toHaveLength(39);
  expect(line.endsWith("…")).toBe(true);
});

test("a lasting line takes the place of the live one", () => {
  const { it, text } = terminal({ isTTY: true });
  it.progress(running);
  const before = text().length;
  it.finished(progress());
  expect(text().slice(before).startsWith("\r\x1b[2K✓ passed  a product is reserved once (native)\n")).toBe(true);
  const after = text().length;
  it.clear();
  expect(text()).toHaveLength(after);
});

test("elsewhere there are plain lines, one every five seconds of a property", () => {
  const { it, lines, pass } = terminal();
  for (let second = 0; second < 12; second++) {
    it.progress(running);
    it.progress(progress({ verdict: "running", property: "another" }));
    pass(1000);
  }
  const told = lines().filter((line) => line !== "");
  expect(told).toHaveLength(4);
  expect(told.filter((line) => line.startsWith("another"))).toHaveLength(2);
  expect(told.join("")).not.toMatch(/\p{Cc}/u);
});

test("what the reason says is not said again", () => {
  const { it, lines } = terminal();
  const reason = "never reached: overlap; cancel";
  it.finished(progress({ verdict: "vacuous", reason, scenarios: { overlap: 0, cancel: 0, timeout: 0 } }));
  expect(lines().filter((line) => line.includes("never"))).toEqual([`  ${reason}`, "  never reached: timeout"]);
});

test("a finished property: numbers, and what it never came to", () => {
  const { it, text } = terminal();
  it.finished(
    progress({
      verdict: "vacuous",
      reason: "a scenario was never reached",
      faults: { "cut-stream": { planned: 9, injected: 8 }, zombie: { planned: 3, injected: 0 } },
      scenarios: { overlap: 3, "a cancel in flight": 0 },
    }),
  );
  expect(text()).toBe(`○ vacuous  a product is reserved once (native)
  612 cases, 4,310 operations in 20.4 s · 8 of 12 faults injected · 1 of 2 scenarios reached
  reserve 2,986 ok, 31 info · status 1,288 ok, 5 info
  a scenario was never reached
  zombie never injected (3 planned)
  never reached: a cancel in flight
`);
});

test("a property that failed or was interrupted is not reproached with what it had not come to yet", () => {
  const never = { faults: { zombie: { planned: 3, injected: 0 } }, scenarios: { overlap: 0 } };
  for (const verdict of ["failed", "interrupted"] as const) {
    const { it, text } = terminal();
    it.finished(progress({ verdict, ...never }));
    expect(text()).toContain("0 of 1 scenario reached");
    expect(text()).not.toContain("never");
  }
});

test("how operations of each kind ended, and what external systems refused, is one line", () => {
  const { it, lines } = terminal();
  const outcomes = { book: { ok: 7, fail: 2, info: 0 }, "can\x1bcel": { ok: 0, fail: 0, info: 1 } };
  it.finished(progress({ outcomes, systems: { cars: { calls: 9, refusals: 4 }, banks: { calls: 1, refusals: 0 } } }));
  expect(lines()[2]).toBe(
    "  book 7 ok, 2 fail · can\\x1bcel 0 ok, 1 info · cars refused 4 of 9 calls · banks refused 0 of 1 call",
  );
});

test("it says when not all invariants are judged", () => {
  const { it, text } = terminal();
  it.started({ ...started, only: ["a", "b"], skip: ["c"] });
  expect(text()).toContain(" · judging only a, b · not judging c\n");
});

test("a failure: what contradicts what, the plan that provokes it, and one command to see it again", () => {
  const { it, text } = terminal();
  it.failure(twoWinners(), "a product is reserved once");
  expect(text()).toBe(`
✗ a product is reserved once
  breaks the invariant one winner

  @p1 went to o1 (reserve) and to o2 (reserve): both were answered true.
  expected  at most one reservation of @p1 is answered true
  seen      @r1 and @r2 are both answered true

    o1: client A: reserve(product: @p1, reservation: @r1), asking again at most once if the connection breaks
    o2: client B: reserve(product: @p1, reservation: @r2)
    o3: client B, after o1: status(product: @p1)
    fault: the endpoint is killed (kill-endpoint) before the 2nd message to the server of attempt 1 of o1

  fails     10 of 10 runs on native
  shrunk    from 14 operations, 3 faults
  seed      424242, case 37
  saved     reports/corpus/durable-rpc-one-winner-5f2c.json
  replay    REPLAY=reports/corpus/durable-rpc-one-winner-5f2c.json npx vitest run properties/durable-rpc

`);
});

test("a failure whose shrinking was cut short says so, and one without a seed names none", () => {
  const { it, text } = terminal();
  it.failure(restlessTrip(), "a trip is booked or undone");
  expect(text()).toContain("from 9 operations, 5 faults; the shrinking ran out of budget\n");
  expect(text()).not.toContain("seed");
});

test("no control character of a service reaches the terminal", () => {
  const { it, text, lines } = terminal();
  const failure = twoWinners();
  failure.evidence.seen = "answer \x1b[2J\x07 and \x9b31m\nmore";
  it.failure(failure, "a \x1b]0;title\x07 property");
  it.finished(progress({ verdict: "unknown", reason: "\x1b[31mred" }));
  expect(lines().join("")).not.toMatch(/\p{Cc}/u);
  expect(text()).toContain("answer \\x1b[2J\\x07 and \\x9b31m more");
});

test("colours only where they are wanted", () => {
  const coloured = terminal({ colours: true });
  coloured.it.finished(progress({ verdict: "failed" }));
  expect(coloured.text()).toContain("\x1b[31m✗ failed\x1b[0m");
  const plain = terminal();
  plain.it.finished(progress({ verdict: "failed" }));
  expect(plain.text()).not.toContain("\x1b");
});

test("the summary counts verdicts and faults", () => {
  const { it, lines } = terminal();
  it.summary(
    [
      progress({ faults: { zombie: { planned: 2, injected: 1 } } }),
      progress({
        verdict: "failed",
        faults: { zombie: { planned: 3, injected: 3 }, stall: { planned: 1, injected: 0 } },
      }),
      progress({ verdict: "failed", faults: {} }),
    ],
    "reports/latest/index.html",
  );
  expect(lines()).toEqual([
    "3 properties: 2 failed, 1 passed",
    "faults injected of planned: zombie 4/5, stall 0/1",
    "report: reports/latest/index.html",
    "",
  ]);
});

test("unless told, it takes colours from the kind of stream and the environment", () => {
  const before = process.env.NO_COLOR;
  const written = (isTTY: boolean) => {
    let text = "";
    new Terminal({ stream: { write: (more: string) => (text += more) }, isTTY }).finished(progress());
    return text;
  };
  try {
    delete process.env.NO_COLOR;
    expect(written(true)).toContain("\x1b[32m✓ passed\x1b[0m");
    expect(written(false)).not.toContain("\x1b[");
    process.env.NO_COLOR = "1";
    expect(written(true)).not.toContain("\x1b[32m");
  } finally {
    if (before === undefined) delete process.env.NO_COLOR;
    else process.env.NO_COLOR = before;
  }
});
