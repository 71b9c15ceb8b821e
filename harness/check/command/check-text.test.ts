import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { writeHistory } from "../../history/index.ts";
import { readJepsenEdn, readJepsenLog, writeJepsenEdn, writeJepsenLines } from "../../interchange/index.ts";
import { Script } from "../testing.ts";
import type { Level } from "../transactions/index.ts";
import type { JudgeOptions } from "./catalog.ts";
import { checkText } from "./check-text.ts";

const budget = { milliseconds: 60_000 };
const strict = { budget, failedCasMeansUnequal: true };
const codeOf = async (model: string, text: string, options: JudgeOptions = { budget }) =>
  (await checkText(model, text, options)).code;

/** "0 invoke write 1": process, type, function and value of each event. */
const edn = (...events: string[]) =>
  events
    .map((event) => {
      const [process, type, f, ...value] = event.split(" ");
      return `{:process ${process}, :type :${type}, :f :${f}, :value ${value.join(" ") || "nil"}}\n`;
    })
    .join("");

const cases: [model: string, code: number, what: string, ...events: string[]][] = [
  ["register", 0, "a read of what was written", "0 invoke write 1", "0 ok write 1", "1 invoke read", "1 ok read 1"],
  ["register", 1, "a read of what was not", "0 invoke write 1", "0 ok write 1", "1 invoke read", "1 ok read 2"],
  [
    "register",
    0,
    "a write that may yet happen",
    "0 invoke write 1",
    "0 info write 1",
    "1 invoke read",
    "1 ok read",
    "1 invoke read",
    "1 ok read 1",
  ],
  ["register", 1, "a write that did not happen", "0 invoke write 1", "0 fail write 1", "1 invoke read", "1 ok read 1"],
  ["register", 3, "a compare-and-set", "0 invoke cas [1 2]", "0 ok cas [1 2]"],
  ["register", 3, "a write that claims another value", "0 invoke write 1", "0 ok write 2"],
  [
    "cas-register",
    0,
    "a compare-and-set that failed on the right value",
    "0 invoke write 1",
    "0 ok write 1",
    "1 invoke cas [1 2]",
    "1 fail cas [1 2]",
  ],
  [
    "cas-register",
    1,
    "a compare-and-set that failed and happened",
    "0 invoke write 1",
    "0 ok write 1",
    "1 invoke cas [1 2]",
    "1 fail cas [1 2]",
    "1 invoke read",
    "1 ok read 2",
  ],
  [
    "cas-register",
    0,
    "one that succeeded on it",
    "0 invoke write 1",
    "0 ok write 1",
    "1 invoke cas [1 2]",
    "1 ok cas [1 2]",
    "1 invoke read",
    "1 ok read 2",
  ],
  [
    "kv",
    0,
    "keys that do not concern each other",
    "0 invoke write [:a 1]",
    "0 ok write [:a 1]",
    "1 invoke read [:b nil]",
    "1 ok read [:b nil]",
  ],
  [
    "kv",
    1,
    "a key that lost a write",
    "0 invoke write [:a 1]",
    "0 ok write [:a 1]",
    "1 invoke read [:a nil]",
    "1 ok read [:a nil]",
  ],
  ["set", 0, "an element that may be there", "0 invoke add 1", "0 info add 1", "1 invoke read", "1 ok read #{1}"],
  ["set", 1, "an element that is lost", "0 invoke add 1", "0 ok add 1", "1 invoke read", "1 ok read #{}"],
  [
    "queue",
    1,
    "a queue out of order",
    "0 invoke enqueue 1",
    "0 ok enqueue 1",
    "0 invoke enqueue 2",
    "0 ok enqueue 2",
    "1 invoke dequeue",
    "1 ok dequeue 2",
  ],
  [
    "bag",
    0,
    "which is none for a bag",
    "0 invoke enqueue 1",
    "0 ok enqueue 1",
    "0 invoke enqueue 2",
    "0 ok enqueue 2",
    "1 invoke dequeue",
    "1 ok dequeue 2",
  ],
  [
    "bag",
    1,
    "an item taken twice",
    "0 invoke enqueue 1",
    "0 ok enqueue 1",
    "1 invoke dequeue",
    "1 ok dequeue 1",
    "1 invoke dequeue",
    "1 ok dequeue 1",
  ],
  ["queue", 0, "a queue that is drained", "0 invoke enqueue 1", "0 ok enqueue 1", "0 invoke drain", "0 ok drain [1]"],
  [
    "queue",
    1,
    "a drain that gets an item twice",
    "0 invoke enqueue 1",
    "0 ok enqueue 1",
    "0 invoke drain",
    "0 ok drain [1 1]",
  ],
  ["queue", 3, "a drain that was never answered", "0 invoke drain", "0 info drain"],
  [
    "queue",
    0,
    "equal items",
    "0 invoke enqueue 1",
    "0 ok enqueue 1",
    "0 invoke enqueue 1",
    "0 ok enqueue 1",
    "1 invoke dequeue",
    "1 ok dequeue 1",
    "1 invoke dequeue",
    "1 ok dequeue 1",
  ],
  [
    "mutex",
    0,
    "a lock that changes hands",
    "0 invoke acquire",
    "0 ok acquire",
    "0 invoke release",
    "1 invoke acquire",
    "1 ok acquire",
    "0 ok release",
  ],
  ["mutex", 1, "a lock released that nobody held", "0 invoke release", "0 ok release"],
  ["mutex", 0, "a release that was refused", "0 invoke release", "0 fail release"],
  ["multi-register", 0, "registers at 0", "0 invoke txn [[:read :x nil]]", "0 ok txn [[:read :x 0]]"],
  [
    "multi-register",
    1,
    "half of a transaction",
    "0 invoke txn [[:write :x 1] [:write :y 1]]",
    "0 ok txn [[:write :x 1] [:write :y 1]]",
    "1 invoke txn [[:read :x nil] [:read :y nil]]",
    "1 ok txn [[:read :x 1] [:read :y 0]]",
  ],
  [
    "multi-register",
    0,
    "a transaction that reads what it wrote, and may yet happen",
    "0 invoke txn [[:write :x 1] [:read :x nil]]",
    "0 info txn [[:write :x 1] [:read :x nil]]",
    "1 invoke txn [[:read :x nil]]",
    "1 ok txn [[:read :x 0]]",
    "1 invoke txn [[:read :x nil]]",
    "1 ok txn [[:read :x 1]]",
  ],
  ["multi-register", 3, "an answer to another question", "0 invoke txn [[:read :x nil]]", "0 ok txn [[:read :y 0]]"],
  ["multi-register", 3, "what is no transaction", "0 invoke txn [[:increment :x 1]]", "0 ok txn [[:increment :x 1]]"],
  ["mutex", 1, "a lock held by two", "0 invoke acquire", "0 ok acquire", "1 invoke acquire", "1 ok acquire"],
  ["write-once", 1, "a value that changed", "0 invoke write 1", "0 ok write 1", "1 invoke write 2", "1 ok write 2"],
  ["write-once", 0, "a value that stands", "0 invoke write 1", "0 ok write 1", "1 invoke write 2", "1 ok write 1"],
  [
    "list-append",
    0,
    "transactions in an order",
    "0 invoke txn [[:append :x 1] [:r :x nil]]",
    "0 ok txn [[:append :x 1] [:r :x [1]]]",
    "1 invoke txn [[:r :x nil] [:r 2 nil]]",
    "1 ok txn [[:r :x [1]] [:r 2 nil]]",
  ],
  [
    "list-append",
    1,
    "a stale read",
    "0 invoke txn [[:append :x 1]]",
    "0 ok txn [[:append :x 1]]",
    "1 invoke txn [[:r :x nil]]",
    "1 ok txn [[:r :x nil]]",
  ],
  [
    "list-append",
    2,
    "appends that cannot be told apart",
    "0 invoke txn [[:append :x 1]]",
    "0 ok txn [[:append :x 1]]",
    "1 invoke txn [[:append :x 1]]",
    "1 ok txn [[:append :x 1]]",
  ],
  ["list-append", 3, "what is no transaction", "0 invoke txn [[:write :x 1]]", "0 ok txn [[:write :x 1]]"],
  ["list-append", 3, "an answer to another question", "0 invoke txn [[:r :x nil]]", "0 ok txn [[:r :y nil]]"],
  ["list-append", 3, "a read of what is no list", "0 invoke txn [[:r :x nil]]", "0 ok txn [[:r :x 1]]"],
  ["no-such-model", 3, "no model", "0 invoke read", "0 ok read"],
];

test.each(cases)("%s gives %i for %s", async (model, code, _, ...events) => {
  expect(await codeOf(model, edn(...events))).toBe(code);
});

test("a compare-and-set that failed found another value, if the history says so", async () => {
  const failed = edn("0 invoke write 1", "0 ok write 1", "1 invoke cas [1 2]", "1 fail cas [1 2]");
  expect(await codeOf("cas-register", failed, strict)).toBe(1);
  const missed = edn("0 invoke write 3", "0 ok write 3", "1 invoke cas [1 2]", "1 fail cas [1 2]");
  expect(await codeOf("cas-register", missed, strict)).toBe(0);
  const timedOut = failed.replace(":fail, :f :cas, :value [1 2]", ":fail, :f :cas, :value [1 2], :error :timed-out");
  expect(await codeOf("cas-register", timedOut, strict)).toBe(0);
});

test("a clock that goes back is told, and the order of lines counts", async () => {
  const text = edn("0 invoke write 1", "0 ok write 1", "1 invoke read", "1 ok read 1");
  let time = 10;
  const back = text.replaceAll("}", () => `, :time ${time--}}`);
  expect(await checkText("register", back, { budget })).toEqual({
    code: 0,
    text: "valid",
    warnings: ["time goes back 3 times, first at line 2; the order of the lines counts, and not the times"],
  });
});

test("transactions are judged by the level that is asked for, and all that is found is told", async () => {
  const skew = edn(
    "0 invoke txn [[:append :x 1] [:append :y 1]]",
    "1 invoke txn [[:r :x nil] [:r :y nil]]",
    "0 ok txn [[:append :x 1] [:append :y 1]]",
    "1 ok txn [[:r :x nil] [:r :y [1]]]",
  );
  expect(await codeOf("list-append", skew, { budget, level: "read-committed" })).toBe(0);
  expect(await codeOf("list-append", skew, { budget, level: "snapshot-isolation" })).toBe(1);
  const { text } = await checkText("list-append", skew, { budget, level: "serializable" });
  expect(text.split("\n")).toEqual([
    "invalid: not serializable",
    "ruled out: repeatable-read, snapshot-isolation, strong-session-snapshot-isolation, strong-snapshot-isolation, serializable, strong-session-serializable, strict-serializable",
    "not ruled out: read-uncommitted, read-committed",
    "",
    "G-single: read skew",
    "  T1 is the transaction of process 1 at line 2: read x as [], read y as [1].",
    "  T2 is the transaction of process 0 at line 1: append 1 to x, append 1 to y.",
    "  T1 read x as [], without 1, which T2 appended: T1 comes before T2.",
    "  T2 appended 1 to y, and T1 read it: T2 comes before T1.",
    "  So T1 would come before itself.",
  ]);
});

test("it reads whatever notation there is, and refuses what is none", async () => {
  const text = edn("0 invoke write 1", "0 ok write 1", "1 invoke read", "1 ok read 2");
  const { events } = readJepsenEdn(text);
  expect(await codeOf("register", writeJepsenEdn(events))).toBe(1);
  expect(await codeOf("register", writeJepsenLines(events))).toBe(1);
  const own = new Script().invoke("a", { kind: "write", args: 1 }).ok("a", 1).invoke("b", { kind: "read" }).ok("b", 2);
  expect(await codeOf("register", writeHistory(own.history()))).toBe(1);
  for (const nothing of ["", "what is this", '{"type":', "{:type"]) expect(await codeOf("register", nothing)).toBe(3);
});

test("a budget that runs out is unknown", async () => {
  const appends = Array.from(
    { length: 30 },
    (_, k) => `{:process ${k} :type :invoke :f :append :key 0 :value "${k};"}\n`,
  );
  const ends = Array.from({ length: 30 }, (_, k) => `{:process ${k} :type :ok :f :append :key 0 :value "${k};"}\n`);
  const read =
    '{:process 99 :type :invoke :f :get :key 0}\n{:process 99 :type :ok :f :get :key 0 :value "nothing of the kind"}';
  const checked = await checkText("kv", [...appends, ...ends, read].join(""), { budget: { milliseconds: 50 } });
  expect(checked).toEqual({ code: 2, text: "unknown: no answer within 50 ms", warnings: [] });
});

test("the answer names the events by their lines", async () => {
  const { text } = await checkText("register", edn("0 invoke write 1", "0 ok write 1", "1 invoke read", "1 ok read"), {
    budget,
  });
  expect(text).toMatch(/^invalid\n.*write\(1\) \(process 0, line 1\); then read\(\) -> null \(process 1, line 3\)\./);
  expect(text).toMatch(/line +4 {2}process 1 {2}ok {5}read null/);
});

const data = fileURLToPath(new URL("../../../../shared/data/", import.meta.url));
const isThere = existsSync(data);
if (!isThere) console.warn(`There is no ${data}: the public histories are not judged.`);
const read = (name: string) => readFileSync(join(data, name), "utf8");

test.runIf(isThere)(
  "public histories of Porcupine get its verdicts, by its reading of a failed compare-and-set",
  async () => {
    const valid = new Set([2, 5, 7, 18, 25, 31, 38, 45, 48, 49]);
    for (const name of readdirSync(join(data, "porcupine")).filter((file) => file.endsWith(".log"))) {
      const text = read(`porcupine/${name}`);
      const expected = valid.has(Number(name.slice(5, 8))) ? 0 : 1;
      expect(await codeOf("cas-register", text, strict), name).toBe(expected);
      // And after a journey through the other notation.
      expect(await codeOf("cas-register", writeJepsenEdn(readJepsenLog(text).events), strict), name).toBe(expected);
    }
    for (const name of readdirSync(join(data, "porcupine/kv")))
      expect(await codeOf("kv", read(`porcupine/kv/${name}`)), name).toBe(name.includes("ok") ? 0 : 1);
  },
  60_000,
);

const knossos: [file: string, model: string, code: number][] = [
  ["bad-cas-rethink-fail", "cas-register", 1],
  ["bad-mutex-etcd", "mutex", 1],
  ["good-cas-memstress3-1", "cas-register", 0],
  ["good-cas-mongodb-0", "cas-register", 0],
  ["good-multi-register", "multi-register", 0],
];

test.runIf(isThere).each(knossos)("public history %s is judged rightly by the model %s", async (file, model, code) => {
  expect(await codeOf(model, read(`knossos/${file}.edn`))).toBe(code);
});

const elle: [file: string, level: Level, code: number, anomalies: string[]][] = [
  ["paper-example", "serializable", 1, ["G-single"]],
  ["paper-example", "read-committed", 0, ["G-single"]],
  ["si-without-g-single", "snapshot-isolation", 0, ["G2-item"]],
  ["si-without-g-single", "repeatable-read", 1, ["G2-item"]],
  ["huge-scc", "serializable", 0, []],
  ["huge-scc", "strong-snapshot-isolation", 1, ["G-single-realtime", "G2-item-realtime"]],
];

test.runIf(isThere).each(elle)("public history %s of Elle, by %s, gives %i", async (file, level, code, anomalies) => {
  const checked = await checkText("list-append", read(`elle/${file}.edn`), { budget: { milliseconds: 10_000 }, level });
  expect(checked.code).toBe(code);
  const names = checked.text.split("\n").flatMap((line) => /^(G\S+):/.exec(line)?.[1] ?? []);
  expect(names).toEqual(anomalies);
  expect(checked.text).not.toContain("Time ran out");
});
