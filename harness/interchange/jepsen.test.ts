import fc from "fast-check";
import { expect, test } from "vitest";
import { UnusableHistory } from "../history/index.ts";
import type { Json } from "../plan/index.ts";
import { writeEdn } from "./edn.ts";
import {
  type JepsenEvent,
  jepsenOperations,
  readJepsenEdn,
  readJepsenLines,
  readJepsenLog,
  writeJepsenEdn,
  writeJepsenLines,
  writeJepsenLog,
} from "./index.ts";
import { ednOfJson, jsonOfEdn } from "./jepsen-edn.ts";

// Of the names that begin with #, only those that stand for what JSON lacks.
const text = fc.oneof(
  fc.string().filter((value) => !value.startsWith("#")),
  fc.constantFrom(":timed-out", "a b", ""),
);
const { json } = fc.letrec<{ json: Json }>((tie) => ({
  json: fc.oneof(
    { depthSize: "small" },
    fc.constant(null),
    fc.boolean(),
    fc.integer(),
    text,
    fc.array(tie("json"), { maxLength: 3 }),
    fc.array(fc.integer(), { maxLength: 3 }).map((items): Json => ({ "#": [...new Set(items)] })),
    tie("json").map((value): Json => ({ "#inst": value })),
    fc.dictionary(
      text.filter((key) => !key.startsWith(":") && key !== "__proto__"),
      tie("json"),
      { maxKeys: 3 },
    ),
  ),
}));

/** Histories in which every process waits for its completion, if there is one. */
const history = fc
  .array(
    fc.record({
      process: fc.nat(4),
      f: fc.constantFrom("read", "write", "cas"),
      value: json,
      key: fc.option(json, { nil: undefined }),
      type: fc.constantFrom("ok", "fail", "info"),
      error: fc.option(json, { nil: undefined }),
    }),
    { maxLength: 20 },
  )
  .map((draws) => {
    const open = new Map<number, JepsenEvent>();
    return draws.map(({ process, f, value, key, type, error }, time): JepsenEvent => {
      const own = open.get(process);
      if (own) open.delete(process);
      const event: JepsenEvent = own
        ? { type, process, f: own.f, value, time, ...(error === undefined ? {} : { error }) }
        : { type: "invoke", process, f, value, time };
      const of = own ? own.key : key;
      if (of !== undefined) event.key = of;
      if (!own) open.set(process, event);
      return event;
    });
  });

test("a history survives JSON lines and EDN", () => {
  fc.assert(
    fc.property(history, (events) => {
      expect(readJepsenLines(writeJepsenLines(events)).events).toEqual(events);
      expect(readJepsenEdn(writeJepsenEdn(events)).events).toEqual(events);
      expect(readJepsenEdn(`[${writeJepsenEdn(events)}]`).events).toEqual(events);
    }),
    { numRuns: 300 },
  );
});

test("a history without keys survives a log, as far as that tells", () => {
  fc.assert(
    fc.property(history, (events) => {
      const told = events.map(({ key: _, time: __, ...event }) => event);
      // A log has tabs between fields, and one event a line.
      fc.pre(
        !/[\t\n\r]/.test(JSON.stringify(told).replaceAll("\\t", "\t").replaceAll("\\n", "\n").replaceAll("\\r", "\r")),
      );
      const log = writeJepsenLog(told, (value) => writeEdn(ednOfJson(value)));
      expect(readJepsenLog(log).events).toEqual(told);
    }),
    { numRuns: 300 },
  );
});

test("what JSON lacks has a place in it", () => {
  fc.assert(
    fc.property(json, (value) => {
      expect(jsonOfEdn(ednOfJson(value))).toEqual(value);
    }),
  );
  const { events } = readJepsenEdn(
    '#jepsen.history.Op{:index 0, :time 5, :type :invoke, :process 1, :f :read, :value #{1 2}, :error [:x ":x" {:a 1, "b" 2, 3 4}]}',
  );
  expect(events).toEqual([
    {
      type: "invoke",
      process: 1,
      f: "read",
      value: { "#": [1, 2] },
      time: 5,
      error: [":x", { '#"': ":x" }, { ":a": 1, b: 2, "#3": 4 }],
    },
  ]);
});

test("operations are invocations with their completions; what never ends is indeterminate; a nemesis is none", () => {
  const { events } = readJepsenLog(
    [
      "some other line of the log",
      "2024-01-01 10:00:00,000{GMT}\tINFO\t[jepsen worker 0] jepsen.util: 0\t:invoke\t:write\t3",
      "INFO  jepsen.util - :nemesis\t:info\t:start\tnil",
      "INFO  jepsen.util - 1\t:invoke\t:cas\t[3 4]",
      "INFO  jepsen.util - 0\t:ok\t:write\t3",
      "INFO  jepsen.util - 1\t:info\t:cas\t[3 4]\t:timed-out",
      "INFO  jepsen.util - 2\t:invoke\t:read\tnil",
    ].join("\n"),
  );
  expect(jepsenOperations(events)).toEqual([
    { process: 0, f: "write", input: 3, outcome: "ok", value: 3, invoke: 0, completion: 3 },
    {
      process: 1,
      f: "cas",
      input: [3, 4],
      outcome: "info",
      value: [3, 4],
      error: ":timed-out",
      invoke: 2,
      completion: 4,
    },
    { process: 2, f: "read", input: null, outcome: "info", value: null, invoke: 5, completion: undefined },
  ]);
});

const bad: [problem: string, read: (text: string) => unknown, text: string, line: number][] = [
  ["a completion without an invoke", readJepsenEdn, "{:type :ok, :process 0, :f :read, :value 1}", 1],
  [
    "two invokes open in one process",
    readJepsenEdn,
    "{:type :invoke :process 0 :f :read}\n{:type :invoke :process 0 :f :read}",
    2,
  ],
  [
    "a completion of something else",
    readJepsenLines,
    '{"type":"invoke","process":0,"f":"read"}\n{"type":"ok","process":0,"f":"write","value":1}',
    2,
  ],
  [
    "a completion for another key",
    readJepsenLines,
    '{"type":"invoke","process":0,"f":"read","key":1}\n{"type":"ok","process":0,"f":"read","key":2}',
    2,
  ],
  ["EDN that is cut off", readJepsenEdn, "{:type :invoke :process 0 :f :read}\n{:type :ok :process", 2],
  ["a vector that is never closed", readJepsenEdn, "[{:type :invoke :process 0 :f :read}\n", 2],
  ["JSON that is cut off", readJepsenLines, '{"type":"invoke","process":0,"f":"read"}\n{"type":"ok","pro', 2],
  ["a log that is cut off", readJepsenLog, "INFO  jepsen.util - 0\t:invoke\t:read\tnil\nINFO  jepsen.util - 0\t:o", 2],
  ["a value that is no EDN", readJepsenLog, "INFO  jepsen.util - 0\t:invoke\t:write\t[1", 1],
  ["an event of no known type", readJepsenEdn, "{:type :maybe :process 0 :f :read}", 1],
  ["an event of nobody", readJepsenLines, '{"type":"invoke","process":0,"f":"read"}\n{"type":"invoke","f":"read"}', 2],
  ["an event of nothing", readJepsenLines, '{"type":"invoke","process":0,"value":[1]}', 1],
  ["a log with more fields than there are", readJepsenLog, "INFO  jepsen.util - 0 :ok :read 1 :why 2", 1],
];

test.each(bad)("%s is refused, naming the line", (_, read, content, line) => {
  expect(() => read(content)).toThrow(UnusableHistory);
  expect(() => read(content)).toThrow(new RegExp(`^line ${line}: `));
});

test("the order of lines counts: a clock that goes back is a warning, once", () => {
  const at = (...times: number[]) =>
    times.map((time) => `{:process :nemesis :type :info :f :start :time ${time}}\n`).join("");
  expect(readJepsenEdn(at(1, 2, 2)).warnings).toEqual([]);
  expect(readJepsenEdn(at(5, 4, 6)).warnings).toEqual([
    "time goes back once at line 2; the order of the lines counts, and not the times",
  ]);
  expect(readJepsenEdn(at(5, 4, 6, 1)).warnings).toEqual([
    "time goes back 2 times, first at line 2; the order of the lines counts, and not the times",
  ]);
});

test("a log may part its fields by blanks", () => {
  const tabs =
    'INFO  jepsen.util - 0\t:invoke\t:cas\t[3 "a b"]\nINFO  jepsen.util - 0\t:info\t:cas\t[3 "a b"]\t:timed-out';
  const blanks = tabs.replaceAll("\t", "  ");
  expect(readJepsenLog(blanks).events).toEqual(readJepsenLog(tabs).events);
  expect(readJepsenLog(blanks).events).toHaveLength(2);
});

test("where nobody is named, a completion belongs to the invocation before it; a list of lists is a transaction", () => {
  const { events } = readJepsenEdn(
    "{:type :invoke :value [[:r 1 nil]]}\n{:type :ok :value [[:r 1 nil]]}\n{:type :invoke :value [[:append 1 2]]}",
  );
  expect(events.map(({ process, f, type }) => [process, f, type])).toEqual([
    [0, "txn", "invoke"],
    [0, "txn", "ok"],
    [1, "txn", "invoke"],
  ]);
});
