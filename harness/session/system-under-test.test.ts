import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { CaseRunner } from "../case/index.ts";
import { onDeclare, operation, type Property, property, scenario } from "../property/index.ts";
import { projectRoot } from "../stack/index.ts";
import { startStack } from "./session.ts";
import { SystemUnderTest } from "./system-under-test.ts";

// beneath the project, as packages are found from there
mkdirSync(path.join(projectRoot, ".cache"), { recursive: true });
const folder = mkdtempSync(path.join(projectRoot, ".cache", "subject-"));
afterAll(() => rmSync(folder, { recursive: true }));
let modules = 0;
function module(text: string, name = `${++modules}.ts`): string {
  const file = path.join(folder, name);
  writeFileSync(file, text);
  return file;
}

const renamed = module(`
  export const catalog = {
    "durable-rpc": { services: [], external: ["payment-provider", "cars"] },
    sagas: { services: [] },
  };
  export const requests = {
    "durable-rpc": { reserve: ({ product, reservation }) => ({ call: "Ware/book", key: product, input: { reservation } }) },
  };
  export const results = {
    "durable-rpc": {
      status: (answer) => ("value" in answer ? { value: answer.value.taken } : answer),
      reserve: (answer) => ("error" in answer && answer.error.code === 410 ? { value: false } : answer),
    },
  };
  export const differs = { sagas: { "all or nothing": "it has no refunds" } };
  export const settings = { sagas: { HOLD_TIME: 7 } };
`);

test("a kind becomes a request of its own, and its answers and failures results in the contract's words", async () => {
  const adapter = (await SystemUnderTest.load(renamed)).adapter("durable-rpc");
  expect(adapter?.request("reserve", { product: "@p1", reservation: "@r1" }, undefined)).toEqual({
    call: "Ware/book",
    key: "@p1",
    input: { reservation: "@r1" },
  });
  expect(adapter?.request("status", { product: "@p1" }, undefined)).toBeUndefined();
  expect(adapter?.result("status", { value: { taken: false } })).toEqual({ value: false });
  expect(adapter?.result("reserve", { error: { code: 410, message: "gone" } })).toEqual({ value: false });
  expect(adapter?.result("other", { value: 1 })).toBeUndefined();
});

test("it says what it has, what it needs, and how it is known to differ", async () => {
  const subject = await SystemUnderTest.load(renamed);
  expect([subject.module, subject.captures]).toEqual([renamed, true]);
  expect(subject.patterns).toEqual(["durable-rpc", "sagas"]);
  expect(subject.external("durable-rpc")).toEqual({ PAYMENT_PROVIDER_URL: "/payment-provider", CARS_URL: "/cars" });
  expect(subject.external("sagas")).toEqual({});
  expect(subject.adapter("sagas")).toBeUndefined();
  expect(subject.differs("sagas")).toEqual({ "all or nothing": "it has no refunds" });
  expect(subject.settings("sagas")).toEqual({ HOLD_TIME: 7 });
  expect([subject.differs("durable-rpc"), subject.settings("durable-rpc")]).toEqual([{}, {}]);
});

test("without a module it is the project's own catalog, as it is", async () => {
  const own = await SystemUnderTest.load();
  expect(own.patterns).toContain("durable-rpc");
  expect([own.captures, own.adapter("durable-rpc")]).toEqual([false, undefined]);
});

test("what it replaces is replaced before anything of it runs: packages, and files relative to it", async () => {
  module('throw new Error("it must not be loaded");', "database.ts");
  module('export { pool } from "./database.ts";', "uses-database.ts");
  module('export const pool = "a fake";', "fake.ts");
  const subject = module(`
    import { pool } from "./uses-database.ts";
    import pg from "some-package-that-is-not-there";
    export const alias = { "./database.ts": "./fake.ts", "some-package-that-is-not-there": "./fake.ts" };
    if (pool !== "a fake") throw new Error(pool);
    export const catalog = { sagas: { services: [pool] } };
  `);
  expect((await SystemUnderTest.load(subject)).patterns).toEqual(["sagas"]);
});

test.each([
  ["exports no catalog", "export const other = 1;", 'does not export "catalog"'],
  ["exports null", "export const catalog = null;", 'does not export "catalog"'],
  ["throws", 'throw new Error("not today");', "cannot load .*not today"],
  ["has services that are no list", "export const catalog = { sagas: { services: 1 } };", "catalog.sagas.services"],
  ["does not compile", "export const catalog = {", "cannot load"],
])("a module that %s is refused", async (_, text, message) => {
  const file = module(text);
  await expect(SystemUnderTest.load(file)).rejects.toThrow(new RegExp(message));
  await expect(SystemUnderTest.load(file)).rejects.toThrow("SUBJECT");
  await expect(SystemUnderTest.load(file)).rejects.toThrow(file);
});

test("services that are only handed to serve(), and a front app of Express, are stormed as any others; nothing listens", async () => {
  module(
    `import * as restate from "@restatedev/restate-sdk";
     const counter = restate.object({ name: "Counter", handlers: { add: async (ctx) => { const n = (await ctx.get("n") ?? 0) + 1; ctx.set("n", n); return n; } } });
     restate.serve({ services: [counter], port: 9080 });`,
    "server.ts",
  );
  const file = module(`
    import "./server.ts";
    import express from "express";
    import { capturedServices, expressApp } from "${path.join(projectRoot, "harness", "adapters", "index.ts")}";
    const app = express();
    app.use(express.json());
    app.post("/echo/:id", (request, response) => response.status(201).json({ id: request.params.id, body: request.body }));
    export const catalog = { counter: { services: capturedServices(), app: expressApp(app) } };
  `);
  const declared: Property[] = [];
  onDeclare((one) => declared.push(one));
  const add = operation({ args: fc.constant({}), request: () => ({ call: "Counter/add", key: "@c" }) });
  const echo = operation({
    args: fc.constant({}),
    request: () => ({ front: "POST /echo/:id", params: { id: "@x/1" }, input: { n: 1 } }),
  });
  const script = scenario({ o1: add({}), o2: add({}).after("o1"), o3: echo({}).after("o2") });
  property("counts", {
    pattern: "counter",
    operations: { add, echo },
    invariants: { any: () => ({ verdict: "valid" }) },
    scenarios: { once: script },
  });
  const [counts] = declared;
  const runner = new CaseRunner(await startStack("simulated"), await SystemUnderTest.load(file));
  try {
    if (!counts) throw new Error("not declared");
    await runner.serve(counts, []);
    const judged = await runner.judge(script.plan, counts);
    const answers = judged?.history.events.flatMap((event) => (event.type === "ok" ? [event.value] : []));
    expect(answers).toEqual([1, 2, { id: "@x/1", body: { n: 1 } }]);
  } finally {
    await runner.close();
  }
});
