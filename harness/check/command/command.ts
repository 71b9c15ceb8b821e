import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { UnusableHistory } from "../../history/index.ts";
import { writeJepsenEdn, writeJepsenLines } from "../../interchange/index.ts";
import { type Level, levels } from "../transactions/index.ts";
import { catalog } from "./catalog.ts";
import { checkText, read } from "./check-text.ts";

const usage = `npm run check -- --model MODEL [--failed-cas-means-unequal] [--level LEVEL] [--milliseconds N] [--megabytes N] FILE
npm run check -- --to edn|jsonl FILE

Judges the history in FILE ("-" is standard input), in JSON lines, EDN or the form of Jepsen's logs; or writes it in
another notation, for other checkers.
A compare-and-set that failed did not happen, and says nothing else; with --failed-cas-means-unequal it found another
value than the expected one (unless an error stands beside it).
MODEL is one of ${Object.keys(catalog).join(", ")}.
Of list-append, LEVEL is the isolation that the transactions should have: ${levels.join(", ")}
(by default the last).
Exit code: 0 valid, 1 invalid, 2 unknown (a budget ran out), 3 unusable input.`;

process.exitCode = await main();

async function main(): Promise<number> {
  if (process.argv.includes("--help")) {
    console.log(usage);
    return 0;
  }
  let text: string;
  let options: ReturnType<typeof parse>;
  try {
    options = parse();
    text = readFileSync(options.file === "-" ? 0 : options.file, "utf8");
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${usage}`);
    return 3;
  }
  if (options.to !== undefined) return write(options.to, text);
  const { code, text: answer, warnings } = await checkText(options.model, text, options);
  for (const warning of warnings) console.error(`warning: ${warning}`);
  if (code === 3) console.error(answer);
  else console.log(answer);
  return code;
}

function parse() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      model: { type: "string" },
      level: { type: "string" },
      to: { type: "string" },
      "failed-cas-means-unequal": { type: "boolean", default: false },
      milliseconds: { type: "string" },
      megabytes: { type: "string" },
    },
  });
  const [file] = positionals;
  const { model = "", to } = values;
  if ((model === "") === (to === undefined) || file === undefined || positionals.length > 1)
    throw new Error("A model, or a notation, and one file are needed.");
  const milliseconds = positive(values.milliseconds ?? "60000", "milliseconds");
  const bytes = positive(values.megabytes ?? "2048", "megabytes") * 2 ** 20;
  const level = levelOf(values.level);
  if (level !== undefined && model !== "list-append") throw new Error("--level is for the model list-append alone.");
  return {
    model,
    ...(level === undefined ? {} : { level }),
    to: notation(to),
    file,
    budget: { milliseconds, bytes },
    failedCasMeansUnequal: values["failed-cas-means-unequal"],
  };
}

function levelOf(name: string | undefined): Level | undefined {
  const level = levels.find((one) => one === name);
  if (name !== undefined && level === undefined)
    throw new Error(`There is no level "${name}"; there are ${levels.join(", ")}.`);
  return level;
}

function notation(to: string | undefined): "edn" | "jsonl" | undefined {
  if (to === undefined || to === "edn" || to === "jsonl") return to;
  throw new Error(`There is no notation "${to}".`);
}

function write(to: "edn" | "jsonl", text: string): number {
  try {
    const { events, warnings } = read(text);
    for (const warning of warnings) console.error(`warning: ${warning}`);
    process.stdout.write(to === "edn" ? writeJepsenEdn(events) : writeJepsenLines(events));
    return 0;
  } catch (error) {
    if (!(error instanceof UnusableHistory)) throw error;
    console.error(`The history cannot be used: ${error.message}.`);
    return 3;
  }
}

function positive(text: string, name: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new Error(`--${name} takes a number above 0, not "${text}".`);
  return value;
}
