import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { checkText } from "./check-text.ts";
import { catalog } from "./models/catalog.ts";

const usage = `npm run check -- --model MODEL [--milliseconds N] [--megabytes N] FILE

Judges the history in FILE ("-" is standard input), in JSON lines, EDN or the form of Jepsen's logs.
MODEL is one of ${Object.keys(catalog).join(", ")}.
Exit code: 0 valid, 1 invalid, 2 unknown (a budget ran out), 3 unusable input.`;

process.exitCode = await main();

async function main(): Promise<number> {
  let text: string;
  let options: ReturnType<typeof parse>;
  try {
    options = parse();
    text = readFileSync(options.file === "-" ? 0 : options.file, "utf8");
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${usage}`);
    return 3;
  }
  const { code, text: answer } = await checkText(options.model, text, options.budget);
  if (code === 3) console.error(answer);
  else console.log(answer);
  return code;
}

function parse() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { model: { type: "string" }, milliseconds: { type: "string" }, megabytes: { type: "string" } },
  });
  const [file] = positionals;
  if (values.model === undefined || file === undefined || positionals.length > 1)
    throw new Error("A model and one file are needed.");
  const milliseconds = positive(values.milliseconds ?? "60000", "milliseconds");
  const bytes = positive(values.megabytes ?? "2048", "megabytes") * 2 ** 20;
  return { model: values.model, file, budget: { milliseconds, bytes } };
}

function positive(text: string, name: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new Error(`--${name} takes a number above 0, not "${text}".`);
  return value;
}
