import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { makeBundle } from "../bundle.ts";
import type {
  Attempt,
  Bundle,
  ClientAnswer,
  Death,
  Decision,
  ExternalAnswer,
  ExternalRequest,
  Gate,
  Injected,
  Message,
  Stack,
} from "../stack.ts";
import { NativeStack } from "./native-stack.ts";
import { Processes } from "./processes.ts";
import { RestateServer, TUNING } from "./restate-server.ts";
import { processesIn, soon } from "./testing.ts";

/** Lets everything pass, but for what a test wants, and writes down what passed. */
class Watch implements Gate {
  readonly attempts: Attempt[] = [];
  readonly messages: string[] = [];
  readonly told: { key: string; amount: number; from: ExternalRequest["from"] }[] = [];
  decide: (when: "before" | "after", attempt: Attempt, message: Message) => Decision | Promise<Decision> = () =>
    undefined;
  listen: (request: ExternalRequest) => Promise<ExternalAnswer | "lost"> = async () => ({ status: 200, body: "null" });

  opened(attempt: Attempt): void {
    this.attempts.push(attempt);
  }
  before(attempt: Attempt, message: Message): Decision | Promise<Decision> {
    this.messages.push(`${attempt.key} ${attempt.number} ${message.direction} ${message.index} ${message.name}`);
    return this.decide("before", attempt, message);
  }
  after(attempt: Attempt, message: Message): Decision | Promise<Decision> {
    return this.decide("after", attempt, message);
  }
  closed(): void {}
  async external(request: ExternalRequest): Promise<ExternalAnswer | "lost"> {
    const answer = await this.listen(request);
    const { key, amount } = JSON.parse(request.body) as { key: string; amount: number };
    if (answer !== "lost") this.told.push({ key, amount, from: request.from });
    return answer;
  }

  attemptsOf = (key: string): Attempt[] => this.attempts.filter((attempt) => attempt.key === key);
  toldOf = (key: string) => this.told.filter((one) => one.key === key);
  reset(): void {
    Object.assign(this, { decide: () => undefined, listen: async () => ({ status: 200, body: "null" }) });
  }
}

const module = path.join(import.meta.dirname, "tiny.fixture.ts");
const load = { patterns: ["tiny"], environment: {}, external: { LISTENER_URL: "/listener" } };
const call = (on: Stack, target: string, body?: unknown): Promise<ClientAnswer> =>
  on.fetch("ingress", {
    method: "POST",
    path: target,
    headers: body === undefined ? {} : { "content-type": "application/json" },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
const add = async (key: string, amount: number, on: Stack = stack): Promise<unknown> => {
  const { status, body } = await call(on, `/counter/${key}/add`, amount);
  return status === 200 ? JSON.parse(body) : { status, body };
};
const boot = async (on: Stack = stack): Promise<string> => (await call(on, "/whoami/boot")).body;

let stack: NativeStack;
let bundle: Bundle;
const watch = new Watch();
let keys = 0;
const freshKey = (): string => `key${++keys}`;

beforeAll(async () => {
  bundle = await makeBundle({ module }, load);
  stack = await NativeStack.start();
  await stack.load(bundle);
  stack.guard(watch);
});
afterEach(() => watch.reset());
afterAll(() => stack?.close());

test("calls are answered, state is kept, effects are attributed to the attempt that made them", async () => {
  const key = freshKey();
  expect([await add(key, 2), await add(key, 3)]).toEqual([2, 5]);
  const [first, second] = watch.attemptsOf(key);
  expect(first).toMatchObject({ service: "counter", handler: "add", key, number: 1 });
  expect(watch.toldOf(key)).toEqual([
    { key, amount: 2, from: { invocation: first!.invocation, attempt: 1 } },
    { key, amount: 3, from: { invocation: second!.invocation, attempt: 1 } },
  ]);
  expect(await stack.probe.state(key)).toEqual({ [`counter/${key}`]: { total: "5" } });
  expect(await stack.probe.unfinished()).toEqual([]);
});

describe("an attempt that is cut is made again, wherever that is", () => {
  /** How many messages an attempt has when nothing disturbs it. */
  const count = async (direction: Message["direction"]): Promise<number> => {
    const key = freshKey();
    await add(key, 1);
    return watch.messages.filter((text) => text.startsWith(`${key} 1 ${direction} `)).length;
  };

  test.each(["reset", "session"] as const)("%s", async (how) => {
    for (const direction of ["to-endpoint", "to-server"] as const) {
      const most = await count(direction);
      expect(most).toBeGreaterThanOrEqual(2);
      for (const when of ["before", "after"] as const)
        for (let index = 1; index <= most; index++) {
          const key = freshKey();
          const place = `${when} message ${index} ${direction}`;
          let struck = 0;
          watch.decide = (at, attempt, message) => {
            const is = attempt.key === key && attempt.number === 1 && at === when;
            if (!is || message.direction !== direction || message.index !== index) return undefined;
            struck++;
            return how;
          };
          expect(await add(key, 5), place).toBe(5);
          expect(struck, place).toBe(1);
          const attempts = watch.attemptsOf(key);
          expect(new Set(attempts.map(({ invocation }) => invocation)).size, place).toBe(1);
          expect(attempts.map(({ number }) => number)).toEqual(attempts.map((_, nth) => nth + 1));
          // of what the endpoint says, only the last word leaves nothing to do; it may have said it meanwhile, if it was not cut
          const isCut = when === "before" || (direction === "to-server" && index < most);
          if (isCut) expect(attempts.length, place).toBeGreaterThan(1);
          const effects = watch.toldOf(key);
          expect(effects.length, place).toBeGreaterThanOrEqual(1);
          expect(effects.length, place).toBeLessThanOrEqual(2);
          for (const { from } of effects) {
            expect(from!.invocation).toBe(attempts[0]!.invocation);
            expect(attempts.map(({ number }) => number)).toContain(from!.attempt);
          }
          expect(await stack.probe.state(key), place).toEqual({ [`counter/${key}`]: { total: "5" } });
        }
    }
  });

  test("a message that is cut before it is delivered is lost, one after it has arrived", async () => {
    const seen: Record<string, number> = {};
    for (const when of ["before", "after"] as const) {
      const key = freshKey();
      watch.decide = (at, attempt, { name }) =>
        attempt.key === key && attempt.number === 1 && at === when && name === "ProposeRunCompletion"
          ? "reset"
          : undefined;
      await add(key, 1);
      seen[when] = watch.toldOf(key).length;
    }
    // an acknowledged run is not repeated
    expect(seen).toEqual({ before: 2, after: 1 });
  });

  test.each([
    ["reset", 1],
    ["session", 2],
  ] as const)("by %s: another attempt on the stack is made %i times", async (how, times) => {
    const [key, other] = [freshKey(), freshKey()];
    const arrived = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    watch.listen = async ({ body }) => {
      if (body.includes(`"${other}"`)) {
        arrived.resolve();
        await release.promise;
      }
      return { status: 200, body: "null" };
    };
    const slow = add(other, 1);
    await arrived.promise;
    watch.decide = (_, attempt) => (attempt.key === key && attempt.number === 1 ? how : undefined);
    expect(await add(key, 1)).toBe(1);
    release.resolve();
    expect(await slow).toBe(1);
    expect(watch.attemptsOf(other)).toHaveLength(times);
  });
});

test("a held message waits, and what follows it in its direction", async () => {
  const key = freshKey();
  const release = Promise.withResolvers<Decision>();
  watch.decide = (at, attempt, message) =>
    attempt.key === key && at === "before" && message.name === "Run" ? release.promise : undefined;
  const answer = add(key, 4);
  await soon(() => watch.messages.some((text) => text.startsWith(key) && text.endsWith("Run")));
  await sleep(50);
  expect(watch.messages.filter((text) => text.startsWith(key)).at(-1)).toMatch(/Run$/);
  expect(await stack.probe.unfinished()).toMatchObject([
    { service: "counter", key, handler: "add", status: "running" },
  ]);
  release.resolve(undefined);
  expect(await answer).toBe(4);
  expect(watch.attemptsOf(key)).toHaveLength(1);
});

test("what is scheduled shows the idempotency key that it was sent with, and when it is due", async () => {
  const key = freshKey();
  const headers = { "idempotency-key": key };
  await stack.fetch("ingress", { method: "POST", path: "/whoami/boot/send?delay=60000ms", headers });
  const [scheduled, ...others] = await stack.probe.unfinished();
  expect(others).toEqual([]);
  expect(scheduled).toMatchObject({ service: "whoami", idempotencyKey: key, status: "scheduled" });
  expect(scheduled!.due! - stack.clock.now()).toBeGreaterThan(30_000);
  await stack.fetch("admin", { method: "PATCH", path: `/invocations/${scheduled!.id}/kill`, headers: {} });
  expect(await stack.probe.unfinished()).toEqual([]);
});

test("an external system that fails, or whose answer is lost, is asked again", async () => {
  const key = freshKey();
  const answers: (ExternalAnswer | "lost")[] = ["lost", { status: 503, body: "{}" }];
  watch.listen = async () => answers.shift() ?? { status: 200, body: "null" };
  expect(await add(key, 1)).toBe(1);
  expect(watch.attemptsOf(key)).toHaveLength(3);
  expect(watch.toldOf(key).map(({ from }) => from!.attempt)).toEqual([2, 3]);
});

test("a front app is asked over HTTP, and reaches Restate", async () => {
  const answer = await stack.fetch({ app: "tiny" }, { method: "POST", path: "/a/b?c", headers: {}, body: "hello" });
  expect(answer.status).toBe(200);
  expect(JSON.parse(answer.body)).toEqual({ path: "/a/b", body: "hello", boot: JSON.parse(await boot()) });
});

test("kill-endpoint: another process takes over, and the invocation completes there", async () => {
  const key = freshKey();
  const before = await boot();
  let killed = 0;
  watch.decide = async (at, attempt, message) => {
    if (attempt.key !== key || attempt.number !== 1 || at !== "before" || message.name !== "Run") return undefined;
    killed++;
    await stack.inject({ kind: "kill-endpoint" });
    return undefined;
  };
  expect(await add(key, 7)).toBe(7);
  expect(killed).toBe(1);
  expect(watch.attemptsOf(key).length).toBeGreaterThan(1);
  expect(await boot()).not.toBe(before);
});

test("zombie: the call of the frozen attempt arrives after the second's, before the thawed process is at rest", async () => {
  const key = freshKey();
  const before = await boot();
  const injected = Promise.withResolvers<Injected>();
  watch.listen = async ({ from, body }) => {
    // it freezes while it waits for the answer to its announcement
    if (from?.attempt === 1 && (JSON.parse(body) as { amount: number }).amount === 0) {
      injected.resolve(await stack.inject({ kind: "zombie" }));
    }
    return { status: 200, body: "null" };
  };
  expect(JSON.parse((await call(stack, `/counter/${key}/announce`, 9)).body)).toBe(9);
  const attempts = () => watch.toldOf(key).flatMap(({ from, amount }) => (amount === 9 ? [from!.attempt] : []));
  expect(attempts()).toEqual([2]);
  expect(await boot()).not.toBe(before);
  const { heal, rested } = await injected.promise;
  await heal();
  await rested!();
  expect(attempts()).toEqual([2, 1]);
  // Restate, one process at work, one to spare: the frozen one is gone
  expect(processesIn(stack.processes.folder).length).toBeLessThanOrEqual(3);
  await heal();
  expect(await stack.probe.state(key)).toEqual({ [`counter/${key}`]: { total: "9" } });
});

test("zombie: its heal does not wait for a call that is withheld; it comes to rest once that is answered", async () => {
  const key = freshKey();
  const release = Promise.withResolvers<void>();
  const arrived = Promise.withResolvers<void>();
  let calls = 0;
  watch.listen = async () => {
    if (++calls === 1) {
      arrived.resolve();
      await release.promise;
    }
    return { status: 200, body: "null" };
  };
  const answer = add(key, 4);
  await arrived.promise;
  const { heal, rested } = await stack.inject({ kind: "zombie" });
  expect(await answer).toBe(4);
  await heal();
  let isAtRest = false;
  const rest = rested!().then(() => {
    isAtRest = true;
  });
  expect(await add(freshKey(), 1)).toBe(1);
  expect(isAtRest).toBe(false);
  release.resolve();
  await rest;
  expect(processesIn(stack.processes.folder).length).toBeLessThanOrEqual(3);
});

test("kill-server: state and what was under way survive", async () => {
  const [done, underWay] = [freshKey(), freshKey()];
  await add(done, 1);
  const arrived = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  watch.listen = async ({ body }) => {
    if (body.includes(`"${underWay}"`)) {
      arrived.resolve();
      await release.promise;
    }
    return { status: 200, body: "null" };
  };
  const answer = add(underWay, 2).catch((error: Error) => error);
  await arrived.promise;
  const { heal } = await stack.inject({ kind: "kill-server" });
  expect(await answer).toBeInstanceOf(Error);
  await expect(add(done, 1)).rejects.toThrow();
  const healing = heal();
  // it waits until the answer can be trusted: this one is not done yet
  expect(await stack.probe.unfinished()).toMatchObject([{ service: "counter", key: underWay }]);
  await healing;
  release.resolve();
  expect(await add(done, 1)).toBe(2);
  expect(await add(underWay, 2)).toBe(4);
  expect(await stack.probe.state("key")).toMatchObject({
    [`counter/${done}`]: { total: "2" },
    [`counter/${underWay}`]: { total: "4" },
  });
  expect(await stack.probe.unfinished()).toEqual([]);
});

test("a server that is healed twice can be killed again", async () => {
  const { heal } = await stack.inject({ kind: "kill-server" });
  await Promise.all([heal(), heal()]);
  await heal();
  const again = await stack.inject({ kind: "kill-server" });
  await expect(boot()).rejects.toThrow();
  await again.heal();
  expect(await boot()).not.toBe("");
});

test("faults are injected one after the other: a second one finds the stack as the first left it", async () => {
  const injected = await Promise.all([
    stack.inject({ kind: "kill-endpoint" }),
    stack.inject({ kind: "kill-server" }),
    stack.inject({ kind: "kill-endpoint" }),
  ]);
  await Promise.all(injected.map(({ heal }) => heal()));
  expect(await add(freshKey(), 1)).toBe(1);
  // another one is ready by then, and Restate is the third
  await stack.inject({ kind: "kill-endpoint" });
  expect(processesIn(stack.processes.folder)).toHaveLength(3);
});

describe("a part that ends by itself, or by another's hand, is named and replaced", () => {
  const deaths: Death[] = [];
  let forget = () => {};
  beforeAll(() => {
    forget = stack.onDeath((death) => deaths.push(death));
  });
  afterEach(() => deaths.splice(0));
  afterAll(() => forget());
  const unexpected = (part: Death["part"]) => deaths.filter((death) => death.part === part && !death.expected);
  /** The processes of the stack that run a program. */
  const running = (program: string): number[] =>
    processesIn(stack.processes.folder).filter((pid) => readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(program));

  test("a service process that ends itself", async () => {
    const before = await boot();
    const answer = call(stack, "/whoami/exit", 3);
    await soon(() => unexpected("service process").length > 0, 20_000);
    const said = { part: "service process", how: "exit code 3", expected: false };
    expect(deaths[0]).toEqual({ ...said, output: "about to exit\nthe last line" });
    // its invocation is tried again, and would end the next one too
    for (const { id } of await stack.probe.unfinished())
      await stack.fetch("admin", { method: "PATCH", path: `/invocations/${id}/kill`, headers: {} });
    expect((await answer).status).toBe(409);
    expect(await add(freshKey(), 1)).toBe(1);
    expect(await boot()).not.toBe(before);
  });

  test.runIf(process.platform === "linux")("each service process that is killed, at work or to spare", async () => {
    for (let round = 0; round < 2; round++) {
      const pids = running("endpoint.ts");
      for (const pid of pids) process.kill(pid, "SIGKILL");
      await soon(() => unexpected("service process").length >= pids.length, 20_000);
      expect(new Set(deaths.map(({ how }) => how))).toEqual(new Set(["signal SIGKILL"]));
      expect(await add(freshKey(), 1)).toBe(1);
      const { status } = await stack.fetch({ app: "tiny" }, { method: "POST", path: "/", headers: {}, body: "" });
      expect(status).toBe(200);
      await soon(() => running("endpoint.ts").length === 2, 20_000);
      deaths.splice(0);
    }
  });

  test.runIf(process.platform === "linux")("Restate, with what it remembers", async () => {
    const key = freshKey();
    await add(key, 2);
    process.kill(running("restate-server")[0]!, "SIGKILL");
    await soon(() => unexpected("restate-server").length > 0, 20_000);
    expect(deaths).toMatchObject([{ part: "restate-server", how: "signal SIGKILL", expected: false }]);
    expect(await stack.probe.unfinished()).toEqual([]);
    expect(await add(key, 3)).toBe(5);
    expect(deaths).toHaveLength(1);
  });

  test.runIf(process.platform === "linux")("Restate, while the runner asks it something", async () => {
    const [pid] = running("restate-server") as [number];
    process.kill(pid, "SIGSTOP");
    const asked = stack.probe.unfinished();
    process.kill(pid, "SIGKILL");
    await expect(asked).rejects.toThrow(
      "restate-server ended while it was asked for what is unfinished: signal SIGKILL",
    );
    expect(await stack.probe.unfinished()).toEqual([]);
  });

  test.runIf(process.platform === "linux")("the reaper, and with it all others", async () => {
    const key = freshKey();
    await add(key, 2);
    const reaper = JSON.parse(readFileSync(path.join(stack.processes.folder, "owner"), "utf8")) as { pid: number };
    process.kill(reaper.pid, "SIGKILL");
    await soon(() => unexpected("reaper").length > 0, 20_000);
    expect(await stack.probe.state(key)).toEqual({ [`counter/${key}`]: { total: "2" } });
    expect(await add(key, 3)).toBe(5);
    expect(deaths.filter(({ expected }) => !expected)).toMatchObject([{ part: "reaper", how: "signal SIGKILL" }]);
    await stack.inject({ kind: "kill-endpoint" });
    expect(await add(key, 1)).toBe(6);
    expect(processesIn(stack.processes.folder).length).toBeLessThanOrEqual(3);
  });

  test("what a fault ends is expected", async () => {
    await stack.inject({ kind: "kill-endpoint" });
    const { heal } = await stack.inject({ kind: "kill-server" });
    await heal();
    expect(await add(freshKey(), 1)).toBe(1);
    expect(deaths.map(({ part, how, expected }) => `${part} ${how} ${expected}`).sort()).toEqual([
      "restate-server signal SIGKILL true",
      "service process signal SIGKILL true",
    ]);
  });
});

test("forgotten invocations leave nothing behind", async () => {
  const key = freshKey();
  await add(key, 1);
  const [{ invocation }] = watch.attemptsOf(key) as [Attempt];
  const output = () =>
    stack.fetch("ingress", { method: "GET", path: `/restate/invocation/${invocation}/output`, headers: {} });
  expect((await output()).status).toBe(200);
  await stack.forget([invocation]);
  expect((await output()).status).toBe(404);
});

test("a client that walks away cuts its connection; the invocation goes on", async () => {
  const key = freshKey();
  const release = Promise.withResolvers<void>();
  const arrived = Promise.withResolvers<void>();
  watch.listen = async () => {
    arrived.resolve();
    await release.promise;
    return { status: 200, body: "null" };
  };
  const controller = new AbortController();
  const answer = stack.fetch("ingress", {
    method: "POST",
    path: `/counter/${key}/add`,
    headers: { "content-type": "application/json" },
    body: "3",
    signal: controller.signal,
  });
  const outcome = expect(answer).rejects.toThrow();
  await arrived.promise;
  controller.abort();
  await outcome;
  release.resolve();
  expect(await add(key, 1)).toBe(4);
});

test("other services take the place of those before; services that do not start leave them", async () => {
  const said = "() => tell(ctx.key, amount));";
  const fault = {
    name: "tells double",
    file: module,
    find: said,
    replace: said.replace("amount", "2 * amount"),
    breaks: [],
  };
  await stack.load(await makeBundle({ module }, load, [fault]));
  const amounts = async (): Promise<number[]> => {
    const key = freshKey();
    await add(key, 3);
    return watch.toldOf(key).map(({ amount }) => amount);
  };
  expect(await amounts()).toEqual([6]);
  const broken = { ...fault, find: "const boot = crypto.randomUUID();", replace: 'throw new Error("not today");' };
  await expect(stack.load(await makeBundle({ module }, load, [broken]))).rejects.toThrow("not today");
  expect(await amounts()).toEqual([6]);
  await stack.load(bundle);
  expect(await amounts()).toEqual([3]);
  // Restate, one process at work, one to spare
  expect(processesIn(stack.processes.folder).length).toBeLessThanOrEqual(3);
});

test("two stacks at the same time do not disturb each other, and one that closes leaves nothing", async () => {
  const other = await NativeStack.start();
  const theirs = new Watch();
  try {
    await other.load(bundle);
    other.guard(theirs);
    const key = freshKey();
    expect(await Promise.all([add(key, 1), add(key, 10, other)])).toEqual([1, 10]);
    const { heal } = await other.inject({ kind: "kill-server" });
    expect(await add(key, 1)).toBe(2);
    await heal();
    expect([await add(key, 1), await add(key, 10, other)]).toEqual([3, 20]);
    expect(watch.toldOf(key).map(({ amount }) => amount)).toEqual([1, 1, 1]);
    expect(theirs.toldOf(key).map(({ amount }) => amount)).toEqual([10, 10]);
    expect(await boot()).not.toBe(await boot(other));
  } finally {
    await other.close();
  }
  expect(processesIn(other.processes.folder)).toEqual([]);
  expect(existsSync(other.processes.folder)).toBe(false);
  await other.close();
  expect(await add(freshKey(), 1)).toBe(1);
});

test("a setting that the server does not know, or understands otherwise, is refused before it starts", async () => {
  const processes = new Processes();
  try {
    const unknown = new RestateServer(processes, undefined, { ...TUNING, "no-such-setting": "1" });
    await expect(unknown.start()).rejects.toThrow("did not take the setting no-such-setting = 1: it has undefined");
    const other = new RestateServer(processes, undefined, { ...TUNING, "gossip-tick-interval": "0.02s" });
    await expect(other.start()).rejects.toThrow("gossip-tick-interval = 0.02s: it has 20ms");
    expect(processesIn(processes.folder)).toEqual([]);
  } finally {
    await processes.close();
  }
});
