import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { momentName } from "../plan/index.ts";
import type { ExternalRequest } from "../stack/index.ts";
import type { Decided } from "./nemesis.ts";
import { makeTag } from "./tag.ts";
import { attempt, callCommand, childNamed, input, message } from "./testing.ts";
import { type CaseObserver, TrafficRouter } from "./traffic-router.ts";

/** A case that writes down what it hears. */
class Listener implements CaseObserver {
  readonly heard: string[] = [];
  outcome: Decided | Promise<Decided> = {};

  moment: CaseObserver["moment"] = (moment, detail) => {
    this.heard.push(`${momentName(moment)}: ${detail}`);
    return this.outcome;
  };
  attempt: CaseObserver["attempt"] = ({ operation, child, target, attempt, phase, code, message }) => {
    const which = `${operation}${child === undefined ? "" : `/${child}`} attempt ${attempt} of ${target}`;
    this.heard.push([which, phase, code, message].filter((part) => part !== undefined).join(" "));
  };
  invocation: CaseObserver["invocation"] = (operation, invocation) => {
    this.heard.push(`${operation} is ${invocation}`);
  };
  external: CaseObserver["external"] = async ({ path }, from) => {
    this.heard.push(`${path} from ${JSON.stringify(from)}`);
    return { status: 200, body: "" };
  };
  died: CaseObserver["died"] = ({ how }) => void this.heard.push(`a service process died: ${how}`);
  machineryFailed: CaseObserver["machineryFailed"] = (how) => void this.heard.push(how);
}

const tag = makeTag(Math.random);
const pay = attempt("inv-p", "payments/@p1/pay");
const run = message("Run", "to-server", { name: "charge" }, 3);

function make() {
  const router = new TrafficRouter();
  const listener = new Listener();
  router.join(tag, listener);
  return { router, listener, heard: listener.heard };
}

function begin(router: TrafficRouter): void {
  router.opened(pay);
  router.before(pay, input(`${tag}/o1`));
  router.after(pay, input(`${tag}/o1`));
}

const request = (path: string, more: Partial<ExternalRequest> = {}): ExternalRequest => ({
  method: "POST",
  path,
  headers: {},
  body: "{}",
  ...more,
});

test("a case hears of the moments and attempts of its operations, and of nothing else", () => {
  const { router, heard } = make();
  const other = attempt("inv-x", "payments/@p2/pay");
  router.opened(other);
  router.before(other, input("somebody-else-/o1"));
  expect(heard).toEqual([]);
  begin(router);
  router.before(pay, run);
  router.before(pay, message("Error", "to-server", { code: 500, message: "no" }));
  router.closed(pay, true);
  expect(heard).toEqual([
    "o1 is inv-p",
    "o1 attempt 1 of payments/@p1/pay started",
    "before o1 attempt 1 to-endpoint 2: Input",
    "after o1 attempt 1 to-endpoint 2: Input",
    "before o1 attempt 1 to-server 3: Run",
    "o1 attempt 1 of payments/@p1/pay failed 500 no",
    "before o1 attempt 1 to-server 1: Error",
  ]);
  expect([...router.invocationsOf(tag)]).toEqual(["inv-p"]);
});

test("what a client was told of works for its case, before anything of it has passed", () => {
  const { router } = make();
  router.works(tag, "inv-later");
  expect([...router.invocationsOf(tag)]).toEqual(["inv-later"]);
  expect(router.leave(tag)).toEqual(["inv-later"]);
  router.works(tag, "inv-late");
  expect([...router.invocationsOf(tag)]).toEqual([]);
});

test.each([
  ["End", "ended"],
  ["Suspension", "suspended"],
] as const)("an attempt that closes with %s has %s; one that closes without is lost", (name, phase) => {
  const { router, heard } = make();
  begin(router);
  router.before(pay, message(name, "to-server", {}));
  expect(heard).toContain(`o1 attempt 1 of payments/@p1/pay ${phase}`);
  router.closed(pay, true);
  expect(heard.filter((one) => one.includes("lost"))).toEqual([]);
  router.closed(pay, false);
  expect(heard.at(-1)).toBe("o1 attempt 1 of payments/@p1/pay lost");
});

test("a child's traffic is its operation's, with its number, and does not pass for the operation's invocation", () => {
  const { router, heard } = make();
  begin(router);
  router.before(pay, callCommand("accounts/@a1/withdraw", 1));
  router.before(pay, childNamed(1, "inv-c"));
  heard.length = 0;
  const child = attempt("inv-c", "accounts/@a1/withdraw");
  router.opened(child);
  router.before(child, input());
  expect(heard).toEqual([
    "o1/1 attempt 1 of accounts/@a1/withdraw started",
    "before o1/1 attempt 1 to-endpoint 2: Input",
  ]);
  expect([...router.invocationsOf(tag)]).toEqual(["inv-p", "inv-c"]);
});

test("a child that has begun before it is named is told of when it is", () => {
  const { router, heard } = make();
  begin(router);
  router.before(pay, callCommand("accounts/@a1/withdraw", 1));
  const child = attempt("inv-c", "accounts/@a1/withdraw");
  router.opened(child);
  router.before(pay, childNamed(1, "inv-c"));
  heard.length = 0;
  for (let message = 0; message < 2; message++) router.before(child, input());
  expect(heard.filter((one) => one.includes("started"))).toEqual(["o1/1 attempt 1 of accounts/@a1/withdraw started"]);
});

test("what the case decides becomes of the message", async () => {
  const { router, listener } = make();
  begin(router);
  listener.outcome = { decision: "reset" };
  expect(router.before(pay, run)).toBe("reset");
  listener.outcome = Promise.resolve({ decision: "session" });
  expect(await router.after(pay, run)).toBe("session");
  listener.outcome = {};
  expect(router.before(pay, run)).toBeUndefined();
});

test("a call to an external system is its attempt's, or by a tag in it the case's; a straggler's is lost", async () => {
  const { router, heard } = make();
  begin(router);
  heard.length = 0;
  expect(await router.external(request("/a", { from: { invocation: "inv-p", attempt: 1 } }))).toMatchObject({
    status: 200,
  });
  expect(await router.external(request("/b", { body: `{"key":"${tag}k1"}` }))).toMatchObject({ status: 200 });
  expect(await router.external(request("/c"))).toBe("lost");
  expect(heard).toEqual(['/a from {"operation":"o1","invocation":"inv-p","attempt":1}', "/b from {}"]);
  expect(router.leave(tag)).toEqual(["inv-p"]);
  expect(await router.external(request("/d", { from: { invocation: "inv-p", attempt: 1 } }))).toBe("lost");
  expect(await router.external(request("/e", { body: `{"key":"${tag}k1"}` }))).toBe("lost");
  expect(heard).toHaveLength(2);
  // what it worked for is forgotten, even if the case came again
  router.join(tag, new Listener());
  expect(await router.external(request("/d", { from: { invocation: "inv-p", attempt: 1 } }))).toBe("lost");
});

test("calls of attempts that are open are held; those of later attempts are not", async () => {
  const { router, heard } = make();
  begin(router);
  const release = router.holdCallsOfOpenAttempts();
  heard.length = 0;
  const held = router.external(request("/late", { from: { invocation: "inv-p", attempt: 1 } }));
  await router.external(request("/early", { from: { invocation: "inv-p", attempt: 2 } }));
  await turn();
  expect(heard).toHaveLength(1);
  release();
  await held;
  expect(heard.map((one) => one.split(" ")[0])).toEqual(["/early", "/late"]);
});

test("calls of an attempt that is over are not held", async () => {
  const { router, heard } = make();
  begin(router);
  router.closed(pay, true);
  router.holdCallsOfOpenAttempts();
  await router.external(request("/a", { from: { invocation: "inv-p", attempt: 1 } }));
  expect(heard.at(-1)).toContain("/a from");
});

test("a part that ends by itself is told to every case: what the services do to themselves, and what fails in our machinery", () => {
  const { router, heard } = make();
  router.died({ kind: "exit", handler: "payments/pay", message: "exit code 1" });
  router.partDied({ part: "service process", how: "signal SIGKILL", expected: true, output: "" });
  router.partDied({ part: "service process", how: "exit code 2", expected: false, output: "" });
  router.partDied({ part: "restate-server", how: "signal SIGKILL", expected: false, output: "panicked" });
  expect(heard).toEqual([
    "a service process died: exit code 1",
    "a service process died: exit code 2",
    "restate-server ended by itself: signal SIGKILL; its last lines: panicked",
  ]);
});
