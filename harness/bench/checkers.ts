/**
 * How fast the checkers are: on public histories with known verdicts (when they are there), and on longer and longer ones.
 *
 *     npm run bench:checkers
 *
 * Where Go is installed, Porcupine judges the same histories in the same run, on one processor, and the ratio of the two
 * times stands beside them. What either machine or day adds to both is not in the ratio.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  type KeyedInput,
  keyed,
  type Model,
  type Observed,
  type RegisterInput,
  register,
  runSync,
  runWorkload,
  Search,
  seeded,
  simulate,
  type TextInput,
  text,
  together,
} from "../check/index.ts";
import { TransactionCheck } from "../check/transactions/index.ts";
import { type JepsenOperation, jepsenOperations, readJepsenEdn, readJepsenLog } from "../interchange/index.ts";
import type { Json } from "../plan/index.ts";

type Input = RegisterInput | TextInput;

/** A history of one kind of object, or of many by key, with the verdict that it should get. */
interface Case {
  name: string;
  kind: "register" | "text";
  /** all keys as one object */
  together: boolean;
  verdict: "valid" | "invalid";
  operations: Observed<KeyedInput<Input>, Json>[];
}

const data = fileURLToPath(new URL("../../../shared/data/porcupine", import.meta.url));
const scaleOf = process.argv.indexOf("--scale");
if (scaleOf > 0) measureScale(Number(process.argv[scaleOf + 1]));
else main();

function main(): void {
  const hasGo = spawnSync("go", ["version"]).status === 0;
  if (!hasGo) console.log("There is no Go: Porcupine is left out.");
  if (existsSync(data)) compare(cases(), hasGo);
  else console.log(`There is no ${data}: the histories with known verdicts are left out.`);
  measureTransactions();
  console.log(
    "\nLength: registers by 100 keys, 8 clients, 1 operation in 1000 never answered; each length in a process of its own",
  );
  console.log("operations     seconds   us each   resident MB (before)");
  for (const length of [1_000, 10_000, 100_000, 1_000_000])
    execFileSync(process.execPath, [fileURLToPath(import.meta.url), "--scale", String(length)], { stdio: "inherit" });
}

// --- histories with known verdicts

function cases(): Case[] {
  const valid = new Set([2, 5, 7, 18, 25, 31, 38, 45, 48, 49]);
  const logs = readdirSync(data)
    .filter((name) => name.endsWith(".log"))
    .sort();
  const registers = logs.map((name): Case => {
    const { events } = readJepsenLog(readFileSync(join(data, name), "utf8"));
    const verdict = valid.has(Number(name.slice(5, 8))) ? "valid" : "invalid";
    const operations = jepsenOperations(events).map(asRegister);
    return { name: basename(name, ".log"), kind: "register", together: false, verdict, operations };
  });
  const texts = readdirSync(join(data, "kv"))
    .sort()
    .map((name): Case => {
      const { events } = readJepsenEdn(readFileSync(join(data, "kv", name), "utf8"));
      const verdict = name.includes("ok") ? "valid" : "invalid";
      const operations = jepsenOperations(events).map(asText);
      return { name: `kv ${basename(name, ".txt")}`, kind: "text", together: false, verdict, operations };
    });
  const whole = texts
    .filter(({ name }) => name.includes("c10"))
    .map((one) => ({ ...one, name: `${one.name}, not partitioned`, together: true }));
  return [...registers, ...texts, ...whole];
}

function asRegister({ f, input, outcome, value, invoke, completion }: JepsenOperation): Case["operations"][number] {
  const known = outcome !== "info";
  const times = { call: invoke, return: known ? completion : undefined };
  const of = (own: RegisterInput, output: Json) => ({
    ...times,
    input: { key: "", input: own },
    output: known ? output : undefined,
  });
  if (f === "read") return of({ f }, value);
  if (f === "write") return of({ f, value: input }, null);
  const [from, to] = input as [Json, Json];
  return of({ f: "cas", from, to }, outcome === "ok");
}

function asText({ key, f, input, value, invoke, completion, outcome }: JepsenOperation): Case["operations"][number] {
  const known = outcome === "ok";
  const own: TextInput = f === "get" ? { f } : { f: f as "put" | "append", value: input as string };
  return {
    input: { key: key as string, input: own },
    output: known ? (f === "get" ? value : "") : undefined,
    call: invoke,
    return: known ? completion : undefined,
  };
}

function compare(all: Case[], withPorcupine: boolean): void {
  const theirs = withPorcupine ? porcupine(all) : undefined;
  console.log(`${"history".padEnd(28)} verdict   ours ms${theirs ? "   Porcupine ms   ours / Porcupine" : ""}`);
  const total = { ours: 0, theirs: 0, partitioned: 0, theirsPartitioned: 0 };
  for (const one of all) {
    const { verdict, milliseconds } = measure(one);
    const their = theirs?.get(one.name);
    const wrong = [
      ...(verdict === one.verdict ? [] : [`ours is wrong, it is ${one.verdict}`]),
      ...(their === undefined || their.verdict === one.verdict ? [] : [`Porcupine says ${their.verdict}`]),
    ];
    if (verdict !== one.verdict) process.exitCode = 1;
    total.ours += milliseconds;
    total.theirs += their?.milliseconds ?? 0;
    if (!one.together) {
      total.partitioned += milliseconds;
      total.theirsPartitioned += their?.milliseconds ?? 0;
    }
    console.log(row(one.name, verdict, milliseconds, their?.milliseconds), wrong.join("; "));
  }
  console.log(row("in total, partitioned", "", total.partitioned, theirs && total.theirsPartitioned));
  console.log(row("in total", "", total.ours, theirs && total.theirs));
}

function row(name: string, verdict: string, ours: number, theirs: number | undefined): string {
  const their =
    theirs === undefined ? "" : `${theirs.toFixed(1).padStart(15)}${(ours / theirs).toFixed(2).padStart(19)}`;
  return `${name.padEnd(28)} ${verdict.padEnd(8)} ${ours.toFixed(1).padStart(8)}${their}`;
}

function measure({ kind, together: asOne, operations }: Case): { verdict: string; milliseconds: number } {
  const model = (kind === "text" ? text : register(null)) as Model<unknown, Input, Json>;
  const search = new Search<unknown, KeyedInput<Input>, Json>(
    asOne ? (together(model) as Model<unknown, KeyedInput<Input>, Json>) : keyed(model),
    operations,
    {
      milliseconds: 120_000,
      bytes: 4 * 2 ** 30,
    },
  );
  const start = performance.now();
  const { verdict } = runSync(search);
  return { verdict, milliseconds: performance.now() - start };
}

/** Builds Porcupine's judge in a folder of its own and lets it judge the same histories, on one processor. */
function porcupine(all: Case[]): Map<string, { verdict: string; milliseconds: number }> {
  const folder = mkdtempSync(join(tmpdir(), "porcupine-"));
  const run = (command: string, ...parts: string[]) => {
    const { status, stdout, stderr, error } = spawnSync(command, parts, {
      cwd: folder,
      encoding: "utf8",
      env: { ...process.env, GOMAXPROCS: "1", GOFLAGS: "-mod=mod" },
    });
    if (status !== 0) throw error ?? new Error(`${command} ${parts.join(" ")} failed: ${stderr}`);
    return stdout;
  };
  try {
    copyFileSync(fileURLToPath(new URL("porcupine/main.go", import.meta.url)), join(folder, "main.go"));
    run("go", "mod", "init", "comparison");
    run("go", "get", "github.com/anishathalye/porcupine@v1.3.1");
    run("go", "build", "-o", "judge", ".");
    const files = all.map((one, number) => {
      writeFileSync(join(folder, `${number}.jsonl`), forPorcupine(one));
      return `${number}.jsonl`;
    });
    const verdicts: Record<string, string> = { Ok: "valid", Illegal: "invalid", Unknown: "unknown" };
    const lines = run(join(folder, "judge"), ...files)
      .trim()
      .split("\n");
    return new Map(
      lines.map((line) => {
        const [name, verdict, milliseconds] = line.split("\t");
        return [name!, { verdict: verdicts[verdict!]!, milliseconds: Number(milliseconds) }];
      }),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function forPorcupine({ name, kind, together: asOne, operations }: Case): string {
  const end = 1 + Math.max(...operations.map((one) => one.return ?? one.call));
  const head = { name, kind, initial: kind === "text" ? "" : null, together: asOne };
  const lines = operations.map(({ input: { key, input }, output, call, return: answer }) => ({
    key,
    f: input.f,
    value: "value" in input ? input.value : "from" in input ? input.from : null,
    to: "to" in input ? input.to : null,
    output: output ?? null,
    unknown: output === undefined,
    call,
    return: answer ?? end,
  }));
  return [head, ...lines].map((line) => `${JSON.stringify(line)}\n`).join("");
}

// --- transactions

/** Of a serializable database, in which every cycle would be one too many. */
function measureTransactions(): void {
  console.log(
    "\nTransactions over lists: strictly serializable, 10 clients, a list for 10 of them; all levels and all orders",
  );
  console.log("transactions   seconds   us each");
  for (const transactions of [1_000, 10_000, 30_000]) {
    const history = runWorkload(
      {
        weakness: "strict-serializable",
        clients: 10,
        transactions,
        keys: transactions / 10,
        steps: 4,
        aborts: 10,
        lost: 1,
      },
      seeded(transactions),
    );
    const start = performance.now();
    const { verdict } = runSync(new TransactionCheck(history, { budget: { milliseconds: 600_000 } }));
    const seconds = (performance.now() - start) / 1000;
    if (verdict.verdict !== "valid") throw new Error(`a serializable history is ${verdict.verdict}`);
    const each = ((seconds * 1e6) / transactions).toFixed(1);
    console.log(`${String(transactions).padStart(12)} ${seconds.toFixed(3).padStart(9)} ${each.padStart(9)}`);
  }
}

// --- length

function measureScale(length: number): void {
  const operations = simulate<Map<string, number>, KeyedInput<RegisterInput>, Json>(
    {
      init: () => new Map(),
      clients: 8,
      operations: length,
      lost: 1,
      input(random) {
        const [value, to] = [random(5), random(5)];
        const input = ([{ f: "read" }, { f: "write", value }, { f: "cas", from: value, to }] as const)[random(3)]!;
        return { key: String(random(100)), input };
      },
      respond(state, { key, input }) {
        const held = state.get(key) ?? 0;
        if (input.f === "read") return { state, output: held };
        const hit = input.f === "write" || input.from === held;
        if (hit) state.set(key, (input.f === "write" ? input.value : input.to) as number);
        return { state, output: input.f === "write" ? null : hit };
      },
    },
    seeded(length),
  );
  const before = process.memoryUsage.rss() / 1e6;
  const start = performance.now();
  const { verdict } = runSync(new Search(keyed(register(0)), operations, { milliseconds: 600_000, bytes: 2 ** 31 }));
  const seconds = (performance.now() - start) / 1000;
  if (verdict !== "valid") throw new Error(`a correct history of ${length} operations is ${verdict}`);
  const resident = process.resourceUsage().maxRSS / 1000;
  console.log(
    `${String(length).padStart(10)} ${seconds.toFixed(3).padStart(11)} ${((seconds * 1e6) / length).toFixed(1).padStart(9)} ${resident.toFixed(0).padStart(13)} (${before.toFixed(0)})`,
  );
}
