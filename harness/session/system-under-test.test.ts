import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { Subject } from "./system-under-test.ts";

const folder = mkdtempSync(path.join(tmpdir(), "subject-"));
afterAll(() => rmSync(folder, { recursive: true }));
let modules = 0;
function module(text: string): string {
  const file = path.join(folder, `${++modules}.mjs`);
  writeFileSync(file, text);
  return file;
}

const renamed = module(`
  export const catalog = {
    "durable-rpc": { services: [], external: ["payment-provider", "cars"] },
    sagas: { services: [] },
  };
  export const names = {
    services: { product: "Ware", payments: "pay-service" },
    handlers: { "product/reserve": "book" },
  };
  export const decode = (call, answer) => (call === "product/status" ? answer.taken : call === "durable-rpc POST /x" ? [answer] : answer);
  export const alias = { pg: "/elsewhere/pg.ts" };
`);
const reserve = { service: "product", key: "@p1", handler: "reserve" };

test("calls go by the implementation's own names, state comes back by the contract's", async () => {
  const subject = await Subject.load(renamed);
  expect(subject.target(reserve)).toEqual({ service: "Ware", key: "@p1", handler: "book" });
  expect(subject.target({ ...reserve, handler: "status" })).toEqual({ service: "Ware", key: "@p1", handler: "status" });
  // the name of a handler of one service says nothing of another's
  expect(subject.target({ service: "payments", handler: "reserve" })).toEqual({
    service: "pay-service",
    handler: "reserve",
  });
  expect(subject.target({ service: "other", handler: "reserve" })).toEqual({ service: "other", handler: "reserve" });
  const front = { app: "durable-rpc", handler: "POST /x" };
  expect(subject.target(front)).toEqual(front);
  expect(["Ware", "pay-service", "product", "other"].map((name) => subject.contractName(name))).toEqual([
    "product",
    "payments",
    "product",
    "other",
  ]);
});

test("answers are decoded into the contract's form, falsehood included", async () => {
  const subject = await Subject.load(renamed);
  const status = { ...reserve, handler: "status" };
  expect(subject.decode(status, { taken: true })).toBe(true);
  expect(subject.decode(status, { taken: false })).toBe(false);
  expect(subject.decode(status, { taken: null })).toBeNull();
  expect(subject.decode({ app: "durable-rpc", handler: "POST /x" }, 3)).toEqual([3]);
  expect(subject.decode(reserve, { any: 1 })).toEqual({ any: 1 });
});

test("it says what it has and what it needs", async () => {
  const subject = await Subject.load(renamed);
  expect(subject.module).toBe(renamed);
  expect(subject.patterns).toEqual(["durable-rpc", "sagas"]);
  expect(subject.external("durable-rpc")).toEqual({ PAYMENT_PROVIDER_URL: "/payment-provider", CARS_URL: "/cars" });
  expect(subject.external("sagas")).toEqual({});
  expect(subject.alias).toEqual({ pg: "/elsewhere/pg.ts" });
});

test("a catalog alone is enough: then names are the contract's and answers are as they are", async () => {
  const subject = await Subject.load(module("export const catalog = { sagas: { services: [] } };"));
  expect(subject.target(reserve)).toEqual(reserve);
  expect(subject.contractName("product")).toBe("product");
  expect(subject.decode(reserve, { any: 1 })).toEqual({ any: 1 });
  expect(subject.alias).toEqual({});
});

test("without a module it is the project's own catalog", async () => {
  expect((await Subject.load()).patterns).toContain("durable-rpc");
});

test.each([
  ["exports no catalog", "export const other = 1;", 'does not export "catalog"'],
  ["exports null", "export const catalog = null;", 'does not export "catalog"'],
  ["throws", 'throw new Error("not today");', "cannot import .*not today"],
])("a module that %s is refused", async (_, text, message) => {
  const file = module(text);
  await expect(Subject.load(file)).rejects.toThrow(new RegExp(message));
  await expect(Subject.load(file)).rejects.toThrow(`SUBJECT`);
  await expect(Subject.load(file)).rejects.toThrow(file);
});
