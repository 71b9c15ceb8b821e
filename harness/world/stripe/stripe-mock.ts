/**
 * The judge of the double: stripe-mock, Stripe's own server for tests. It knows the form of every request and answer of the
 * API, and has no memory. It is written in Go, so it is asked only where there is Go, which builds it once (a minute).
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { access } from "node:fs/promises";
import path from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

/** The one that follows the API version of the double. */
const VERSION = "v0.203.0";
const folder = path.join(import.meta.dirname, "../../../node_modules/.cache/stripe-mock", VERSION);
const program = path.join(folder, "stripe-mock");

export interface StripeMock {
  send(
    method: string,
    path: string,
    headers: Record<string, string>,
    body?: string,
  ): Promise<{ status: number; body: unknown }>;
  stop(): Promise<void>;
}

/** @returns a running one, which must be stopped; or why there is none here */
export async function startStripeMock(): Promise<StripeMock | { absent: string }> {
  const absent = await build();
  if (absent !== undefined) {
    console.warn(`The double of Stripe is not compared with stripe-mock: ${absent}`);
    return { absent };
  }
  const child = spawn(program, ["-http-addr", "127.0.0.1:", "-https-addr", "127.0.0.1:"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const address = await addressOf(child);
  return {
    async send(method, path, headers, body) {
      const { host: _, "content-length": __, ...kept } = headers;
      const response = await nativeFetch(`http://${address}${path}`, {
        method,
        headers: kept,
        body: method === "GET" ? null : (body ?? null),
      });
      return { status: response.status, body: await response.json() };
    },
    async stop() {
      const exited = once(child, "exit");
      child.kill("SIGKILL");
      await exited;
    },
  };
}

/** The one that tests have not replaced. */
const nativeFetch = fetch;

/** @returns why it cannot be built, or nothing */
async function build(): Promise<string | undefined> {
  const exists = await access(program).then(
    () => true,
    () => false,
  );
  if (exists) return undefined;
  const environment = { ...process.env, GOBIN: folder };
  try {
    await promisify(execFile)("go", ["install", `github.com/stripe/stripe-mock@${VERSION}`], { env: environment });
    return undefined;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT")
      return "there is no Go here to build it with";
    return `Go cannot build it: ${error instanceof Error ? error.message : error}`;
  }
}

async function addressOf({ stdout, pid }: ChildProcess): Promise<string> {
  if (!stdout) throw new Error("stripe-mock has no output");
  for await (const line of createInterface({ input: stdout })) {
    const address = /Listening for HTTP at address: (\S+)/.exec(line)?.[1];
    if (address !== undefined) {
      stdout.resume();
      return address;
    }
  }
  throw new Error(`stripe-mock (process ${pid}) ended before it listened`);
}

/** Maps whose names are the caller's own, and what differs with the type of the resource within. */
const OPEN = /(^|\.)(metadata|data\.object)$/;
/** Fields that one of both leaves out where they do not apply: `total_count` comes only to those who send for it to be expanded. */
const OPTIONAL = /(^|\.)(automatic_payment_methods\.allow_redirects|last_payment_error\.\w+|next_page|total_count)$/;

/**
 * Compares the shape of an answer with stripe-mock's for the same resource, field by field: which fields there are, and of
 * what type. A null on either side says nothing about a type.
 */
export function shapeDifferences(ours: unknown, theirs: unknown, place = ""): string[] {
  if (ours === null || theirs === null || OPEN.test(place)) return [];
  const [our, their] = [typeOf(ours), typeOf(theirs)];
  if (our !== their) return [`${place} is ${our}, and theirs is ${their}`];
  if (Array.isArray(ours) && Array.isArray(theirs))
    return theirs.length === 0 ? [] : ours.flatMap((one, at) => shapeDifferences(one, theirs[0], `${place}.${at}`));
  if (!isObject(ours) || !isObject(theirs)) return [];
  const [ourFields, theirFields] = [new Map(Object.entries(ours)), new Map(Object.entries(theirs))];
  const placeOf = (name: string) => (place === "" ? name : `${place}.${name}`);
  const missing = [...theirFields.keys()].filter((name) => !ourFields.has(name) && !OPTIONAL.test(placeOf(name)));
  const differences = [...ourFields].flatMap(([name, value]) => {
    if (theirFields.has(name)) return shapeDifferences(value, theirFields.get(name), placeOf(name));
    return OPTIONAL.test(placeOf(name)) ? [] : [`${placeOf(name)} is not one of its fields`];
  });
  return [...missing.map((name) => `${placeOf(name)} is missing`), ...differences];
}

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;

function typeOf(value: unknown): string {
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
