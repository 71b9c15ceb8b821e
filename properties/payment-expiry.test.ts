import { beforeAll, expect, test } from "vitest";
import { SystemUnderTest } from "../harness/session/index.ts";
import { type Gate, makeBundle } from "../harness/stack/index.ts";
import { SimulatedStack } from "../harness/stack/simulated/index.ts";

const EXPIRY = 1000;
const quiet: Gate = {
  opened: () => {},
  before: () => undefined,
  after: () => undefined,
  closed: () => {},
  external: async () => "lost",
};
let stack: SimulatedStack;

beforeAll(async () => {
  stack = await SimulatedStack.start({ seed: 1 });
  const environment = { TOKEN_EXPIRY: String(EXPIRY), OPENING_BALANCE: "100" };
  const { module, patterns } = await SystemUnderTest.load();
  const load = { patterns: ["payment-state-machine"], environment, external: {} };
  await stack.load(await makeBundle({ module, patterns }, load));
  stack.guard(quiet);
});

async function ask(path: string, input?: unknown): Promise<unknown> {
  const headers = { "content-type": "application/json" };
  const request = { method: "POST", path, headers, body: input === undefined ? "" : JSON.stringify(input) };
  const { status, body } = await stack.fetch("ingress", request);
  return status === 200 && body !== "" ? (JSON.parse(body) as unknown) : status;
}
const pay = (id: string, amount: number) => ask(`/payments/${id}/makePayment`, { accountId: "a1", amount });

test("an id that was freed early has a whole hour again: the expiry of its earlier life is not its own", () =>
  stack.run(async () => {
    expect(await pay("p1", 10)).toEqual({ status: "completed" });
    await stack.clock.sleep(EXPIRY / 2);
    expect(await ask("/payments/p1/expireToken")).toBe(200);
    expect(await pay("p1", 20)).toEqual({ status: "completed" });
    await stack.clock.sleep(EXPIRY * 0.9); // the expiry of the first life is due meanwhile
    expect(await pay("p1", 30)).toEqual({ status: "completed" });
    expect(await ask("/accounts/a1/balance", undefined)).toBe(70);
    await stack.clock.sleep(EXPIRY * 0.2);
    expect(await ask("/payments/p1/cancelPayment")).toEqual({ status: "cancelled" });
    expect(await ask("/accounts/a1/balance")).toBe(70);
  }));

test("the expiry comes once in a life, after its first use", () =>
  stack.run(async () => {
    expect(await ask("/payments/p2/cancelPayment")).toEqual({ status: "cancelled" });
    await stack.clock.sleep(EXPIRY * 0.9);
    expect(await ask("/payments/p2/cancelPayment")).toEqual({ status: "cancelled" });
    expect(await pay("p2", 10)).toEqual({ status: "cancelled" });
    await stack.clock.sleep(EXPIRY * 0.2);
    expect(await pay("p2", 10)).toEqual({ status: "completed" });
    await stack.clock.sleep(EXPIRY * 0.95); // had the second cancellation begun an hour of its own, it would be over
    expect(await pay("p2", 10)).toEqual({ status: "completed" });
    expect(await ask("/accounts/a1/balance")).toBe(90);
  }));
