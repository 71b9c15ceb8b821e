import fc from "fast-check";
import { expect, test } from "vitest";
import { operation } from "../kind.ts";
import { complaint, named, Script } from "../testing.ts";
import { answeredUnlessDisturbed } from "./answered-unless-disturbed.ts";

const take = operation({
  args: fc.constant("@k"),
  request: (key: string) => ({ call: "s/take", idempotencyKey: key }),
});
named({ take });
const lost = () => new Script().invoke("o1", take, "@k");
const check = (script: Script) => complaint(answeredUnlessDisturbed, script.history());

test("an operation whose end nobody knows needs an excuse", async () => {
  expect(await check(lost().info("o1"))).toEqual({
    summary: "Nobody knows how o1 (take) ended, and no fault explains it: connection lost.",
    expected: "an answer or a definite refusal",
    seen: "connection lost",
    events: [0, 1],
  });
  expect(await check(lost())).toMatchObject({ seen: "it never completed", events: [0] });
  expect(await check(lost().ok("o1"))).toBeUndefined();
  expect(await check(lost().fail("o1"))).toBeUndefined();
});

test.each(["kill-server", "kill-endpoint", "zombie"])(
  "the outage of %s explains it, whoever it was meant for",
  async (kind) => {
    expect(await check(lost().inject("f1", kind, "o9").info("o1"))).toBeUndefined();
    // not one that came too late
    expect(await check(lost().info("o1").inject("f1", kind, "o1"))).toBeDefined();
  },
);

test.each(["walk-away", "reconnect"])("%s explains it where it was meant for its client", async (kind) => {
  expect(await check(lost().inject("f1", kind, "o1").info("o1"))).toBeUndefined();
  expect(await check(lost().inject("f1", kind, "o9").info("o1"))).toBeDefined();
  const attached = new Script().invoke("o1", take, "@k").about("o2", "attach", "o1").inject("f1", kind, "o1");
  expect(await check(attached.info("o2").ok("o1"))).toBeUndefined();
});

test("other faults explain nothing: they are between Restate and the services", async () => {
  expect(await check(lost().inject("f1", "cut-stream", "o1").info("o1"))).toBeDefined();
});

test("whoever was interrupted, or asks about one that was, may hear that it is unknown", async () => {
  const interrupted = lost().about("o2", "cancel", "o1").info("o1").ok("o2");
  expect(await check(interrupted)).toBeUndefined();
  const attached = lost().about("o2", "cancel", "o1").ok("o2").about("o3", "attach", "o1").info("o3").fail("o1");
  expect(await check(attached)).toBeUndefined();
});
