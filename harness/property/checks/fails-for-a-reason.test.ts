import fc from "fast-check";
import { expect, test } from "vitest";
import { groupBy } from "../group.ts";
import { operation } from "../kind.ts";
import { complaint, named, Script } from "../testing.ts";
import { failsForAReason } from "./fails-for-a-reason.ts";

const args = fc.constantFrom("@a", "@b");
const take = operation({
  args,
  request: (key: string) => ({ call: "s/take", idempotencyKey: key }),
  failsWith: ({ args: key }, { operations }) => (key === "@b" && operations.length > 0 ? [422] : []),
});
const send = operation({
  args,
  request: (key: string) => ({ call: "s/send", idempotencyKey: key, send: true }),
});
groupBy({ of: [send], by: (key) => key, failsWith: ({ key }) => ({ 410: key === "@a", 500: false }) });
const check = failsForAReason(named({ take, send }));
const found = (script: Script) => complaint(check, script.history());
const taken = (key = "@a") => new Script().invoke("o1", take, key);

test("a failure needs a reason that its kind declares, for just this operation", async () => {
  expect(await found(taken("@b").fail("o1", 422))).toBeUndefined();
  expect(await found(taken("@a").fail("o1", 422, "no"))).toEqual({
    summary: "o1 (take) failed with 422 no, for which there is no reason.",
    expected: "success",
    seen: "422 no",
    events: [0, 1],
  });
  expect(await found(taken("@b").fail("o1", 500))).toMatchObject({ expected: "success, or 422" });
  expect(await found(taken().ok("o1"))).toBeUndefined();
});

test("a failure that was learned, or heard with an open end, needs one as well", async () => {
  expect(await found(taken().info("o1").learned("o1", { code: 500, message: "no" }))).toBeDefined();
  expect(await found(taken().info("o1", { code: 500, message: "no" }))).toBeDefined();
  expect(await found(taken().info("o1"))).toBeUndefined();
});

test("whoever was interrupted, or a duplicate of it, may be told so", async () => {
  const ended = taken().invoke("o2", take, "@a").about("o3", "cancel", "o2").ok("o3");
  expect(await found(ended.fail("o1", 409).fail("o2", 409))).toBeUndefined();
  expect(await found(taken().fail("o1", 409))).toBeDefined();
  expect(await found(taken().about("o2", "terminate", "o1").ok("o2").fail("o1", 500))).toBeDefined();
});

test("a server that was killed may not know its services for a moment", async () => {
  expect(await found(taken().inject("f1", "kill-server", "o1").fail("o1", 404))).toBeUndefined();
  expect(await found(taken().fail("o1", 404))).toBeDefined();
});

test("whoever attaches hears what the invocation may fail with, which of a one-way call is another thing", async () => {
  const attached = (code: number, invocation?: string) =>
    new Script().invoke("o1", send, "@a").ok("o1", null, invocation).about("o2", "attach", "o1").fail("o2", code);
  expect(await found(attached(410, "inv_1"))).toBeUndefined();
  expect(await found(attached(500, "inv_1"))).toMatchObject({ summary: expect.stringContaining("o2 (attach)") });
  expect(await found(new Script().invoke("o1", send, "@a").fail("o1", 410))).toBeDefined();
  // nothing is known of an invocation that nobody has heard of
  expect(await found(attached(404))).toBeUndefined();
});

test("a cancellation may be refused", async () => {
  expect(await found(taken().about("o2", "cancel", "o1").fail("o2", 404).ok("o1"))).toBeUndefined();
});
