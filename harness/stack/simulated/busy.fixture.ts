/**
 * A run that keeps the services busy, for the tests of determinism. As a script, `node busy.fixture.ts BUNDLE SEED`
 * prints the hash of the run; BUNDLE is the JSON of a bundle of the test services.
 */
import { OPERATION_HEADER } from "../headers.ts";
import type { ClientAnswer, ExternalRequest, Gate } from "../stack.ts";
import { SimulatedStack } from "./index.ts";

/** A gate that lets everything pass, but for what a test wants; and a shelf that remembers what was put on it. */
export class Shelf implements Gate {
  readonly puts: string[] = [];
  opened: Gate["opened"] = () => {};
  before: Gate["before"] = () => undefined;
  after: Gate["after"] = () => undefined;
  closed: Gate["closed"] = () => {};
  async external({ body }: ExternalRequest): Promise<{ status: number; body: string } | "lost"> {
    const { name, value } = JSON.parse(body) as { name: string; value: unknown };
    this.puts.push(name);
    return { status: 200, body: JSON.stringify(value) };
  }
}

export function call(
  stack: SimulatedStack,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<ClientAnswer> {
  const content = body === undefined ? {} : { body: JSON.stringify(body) };
  const type = body === undefined ? {} : { "content-type": "application/json" };
  return stack.fetch("ingress", { method: "POST", path, headers: { ...type, ...headers }, ...content });
}

export const told = ({ status, body }: ClientAnswer): unknown => [status, body === "" ? "" : JSON.parse(body)];

/** Says what came of it. */
export async function busy(stack: SimulatedStack): Promise<string> {
  const answers = await Promise.all([
    call(stack, "/testObject/a/effects", "x", { [OPERATION_HEADER]: "t/o1" }),
    call(stack, "/testService/callAndSend", { key: "a", amount: 2 }, { [OPERATION_HEADER]: "t/o2" }),
    call(stack, "/testObject/a/add", 1, { [OPERATION_HEADER]: "t/o3" }),
    call(stack, "/testService/random", undefined, { [OPERATION_HEADER]: "t/o4" }),
  ]);
  await stack.clock.sleep(500);
  return JSON.stringify([answers.map(told), await stack.probe.state("a")]);
}

if (import.meta.main) {
  const [bundle, seed] = process.argv.slice(2);
  const stack = await SimulatedStack.start({ seed: Number(seed) });
  await stack.load(JSON.parse(bundle!));
  stack.guard(new Shelf());
  await stack.run(() => busy(stack));
  console.log(stack.traceHash());
}
