import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { SystemUnderTest } from "./system-under-test.ts";

const folder = mkdtempSync(path.join(tmpdir(), "subject-"));
afterAll(() => rmSync(folder, { recursive: true }));
let modules = 0;
function module(text: string): string {
  const file = path.join(folder, `${++modules}.mjs`);
  writeFileSync(file, text);
  return file;
}

const other = module(`
  export const catalog = {
    "durable-rpc": {
      services: [{ name: "Ware", object: { book() {} } }, { name: "pay", service: { charge() {} } }, { name: "Trip", workflow: { run() {} } }],
      app: () => {},
      external: ["payment-provider", "cars"],
    },
    sagas: { services: [] },
  };
  export const requests = {
    "durable-rpc": {
      reserve: ({ product, reservation }, route) =>
        route === "front" ? { front: "POST /book" } : { call: "Ware/book", key: product, input: reservation },
    },
  };
  export const results = {
    "durable-rpc": { status: (answer) => ("value" in answer ? { value: answer.value.taken } : { error: { code: 410, message: "gone" } }) },
  };
  export const alias = { pg: "/elsewhere/pg.ts" };
`);
const args = { product: "@p1", reservation: "@r1" };

test("operations make the implementation's own requests, where they differ", async () => {
  const adapter = (await SystemUnderTest.load(other)).adapter("durable-rpc");
  expect(adapter?.request("reserve", args, undefined)).toEqual({ call: "Ware/book", key: "@p1", input: "@r1" });
  expect(adapter?.request("reserve", args, "front")).toEqual({ front: "POST /book" });
  expect(adapter?.request("status", args, undefined)).toBeUndefined();
});

test("answers and failures are brought into the contract's words, falsehood included", async () => {
  const adapter = (await SystemUnderTest.load(other)).adapter("durable-rpc");
  expect(adapter?.result("status", { value: { taken: true } })).toEqual({ value: true });
  expect(adapter?.result("status", { value: { taken: false } })).toEqual({ value: false });
  expect(adapter?.result("status", { value: { taken: null } })).toEqual({ value: null });
  expect(adapter?.result("status", { error: { code: 404, message: "?" } })).toEqual({
    error: { code: 410, message: "gone" },
  });
  expect(adapter?.result("reserve", { value: 1 })).toBeUndefined();
});

test("it says what it has and what it needs", async () => {
  const subject = await SystemUnderTest.load(other);
  expect(subject.module).toBe(other);
  expect(subject.patterns).toEqual(["durable-rpc", "sagas"]);
  expect(subject.external("durable-rpc")).toEqual({ PAYMENT_PROVIDER_URL: "/payment-provider", CARS_URL: "/cars" });
  expect(subject.external("sagas")).toEqual({});
  expect(subject.systems("durable-rpc")).toEqual(["payment-provider", "cars"]);
  expect(subject.alias).toEqual({ pg: "/elsewhere/pg.ts" });
});

test("it says what of a request it cannot do", async () => {
  const subject = await SystemUnderTest.load(other);
  const complaint = (call: string) => subject.complaint("durable-rpc", { call });
  for (const call of ["Ware/book", "pay/charge", "Trip/run"]) expect(complaint(call)).toBeUndefined();
  expect(complaint("Ware/charge")).toBe(
    'the pattern "durable-rpc" has no handler "Ware/charge"; it has Ware/book, pay/charge, Trip/run',
  );
  expect(subject.complaint("durable-rpc", { front: "GET /" })).toBeUndefined();
  expect(subject.complaint("sagas", { front: "GET /", app: "durable-rpc" })).toBeUndefined();
  expect(subject.complaint("sagas", { front: "GET /" })).toBe('the pattern "sagas" has no front app');
  expect(subject.complaint("luck", { call: "a/b" })).toContain('no pattern "luck"; there are durable-rpc, sagas');
});

test("a catalog alone is enough: then requests are the contract's and answers are as they are", async () => {
  const subject = await SystemUnderTest.load(module("export const catalog = { sagas: { services: [] } };"));
  expect(subject.adapter("sagas")).toBeUndefined();
  expect(subject.alias).toEqual({});
});

test("without a module it is the project's own catalog", async () => {
  const own = await SystemUnderTest.load();
  expect(own.patterns).toContain("durable-rpc");
  expect(own.complaint("durable-rpc", { call: "product/reserve", key: "@p1" })).toBeUndefined();
  expect(own.complaint("durable-rpc", { call: "product/steal", key: "@p1" })).toContain('"product/steal"');
});

test.each([
  ["exports no catalog", "export const other = 1;", 'does not export "catalog"'],
  ["exports null", "export const catalog = null;", 'does not export "catalog"'],
  ["throws", 'throw new Error("not today");', "cannot import .*not today"],
])("a module that %s is refused", async (_, text, message) => {
  const file = module(text);
  await expect(SystemUnderTest.load(file)).rejects.toThrow(new RegExp(message));
  await expect(SystemUnderTest.load(file)).rejects.toThrow("SUBJECT");
  await expect(SystemUnderTest.load(file)).rejects.toThrow(file);
});
