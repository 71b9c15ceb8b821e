import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test, vi } from "vitest";
import { makeBundle } from "../bundle.ts";
import { OPERATION_HEADER } from "../headers.ts";
import type { Bundle, Decision, Gate } from "../stack.ts";
import { busy, call, Shelf, told } from "./busy.fixture.ts";
import { SimulatedStack } from "./index.ts";
import { applyCommand } from "./restate/commands.ts";

const here = (file: string) => fileURLToPath(new URL(file, import.meta.url));
let kitchen: Bundle;
let naughty: Bundle;

beforeAll(async () => {
  const load = { environment: {}, external: { EXTERNAL_URL: "/external" } };
  kitchen = await makeBundle(
    { module: here("../conformance/test-services.ts") },
    { patterns: ["conformance"], ...load },
  );
  naughty = await makeBundle({ module: here("naughty.fixture.ts") }, { patterns: ["naughty"], ...load });
});

async function started(bundle: Bundle, gate: Gate, seed = 1): Promise<SimulatedStack> {
  const stack = await SimulatedStack.start({ seed });
  await stack.load(bundle);
  stack.guard(gate);
  return stack;
}

test("services answer, in virtual time", async () => {
  const stack = await started(kitchen, new Shelf());
  const began = performance.now();
  const answer = await stack.run(async () => {
    const before = stack.clock.now();
    const held = await call(stack, "/testObject/a/hold", 3_600_000);
    expect(stack.clock.now() - before).toBeGreaterThanOrEqual(3_600_000);
    expect(stack.clock.now() - before).toBeLessThan(3_601_000);
    return held;
  });
  expect(told(answer)).toEqual([200, "held"]);
  expect(performance.now() - began).toBeLessThan(2000);
  expect(await stack.probe.unfinished()).toEqual([]);
  expect(await stack.probe.state("a")).toEqual({ "testObject/a": { held: "false" } });
});

test("the same seed gives the same run, another seed another", async () => {
  const stack = await started(kitchen, new Shelf());
  const hashes = new Map<number, string>();
  const outcomes = new Set<string>();
  for (let round = 0; round < 3; round++) {
    for (let seed = 0; seed < 20; seed++) {
      outcomes.add(await stack.run(() => busy(stack), { seed }));
      const hash = stack.traceHash();
      expect(hashes.get(seed) ?? hash).toBe(hash);
      hashes.set(seed, hash);
    }
  }
  expect(new Set(hashes.values()).size).toBe(20);
  expect(outcomes.size).toBeGreaterThan(2);
});

test("a run is the same in another process", async () => {
  const stack = await started(kitchen, new Shelf(), 4);
  await stack.run(() => busy(stack));
  const script = [here("busy.fixture.ts"), JSON.stringify(kitchen), "4"];
  const hash = execFileSync(process.execPath, script, { encoding: "utf8" });
  expect(hash.trim()).toBe(stack.traceHash());
});

test("a message is cut at every place, and the services recover", async () => {
  const cuts: Exclude<Decision, undefined>[] = ["reset", "session"];
  let place = 1;
  for (let asked = 1; asked >= place; place++) {
    const shelf = new Shelf();
    const here = place;
    asked = 0;
    const ask = (): Decision => (++asked === here ? cuts[here % 2] : undefined);
    shelf.before = ask;
    shelf.after = ask;
    const stack = await started(kitchen, shelf, place);
    const answer = await stack.run(() => call(stack, "/testObject/a/effects", "x"));
    expect(told(answer)).toEqual([200, [1, 2]]);
    expect([...new Set(shelf.puts)].sort()).toEqual(["x/1", "x/2"]);
    expect(shelf.puts.length).toBeLessThanOrEqual(3);
  }
  // Start, Input, Run, ProposeRunCompletion, RunCompletion, SetState, Sleep, SleepCompletion, Run, ... each before and after
  expect(place).toBeGreaterThan(24);
});

test("the process is killed at every place: what it kept in memory is lost", async () => {
  const counts = new Set<number>();
  for (let place = 1; place <= 10; place++) {
    const gate = new Shelf();
    const stack = await started(naughty, gate, place);
    let asked = 0;
    const kill = (): Decision => {
      if (++asked === place) void stack.inject({ kind: "kill-endpoint" });
      return undefined;
    };
    gate.before = kill;
    gate.after = kill;
    const [answer, again] = await stack.run(async () => [
      await call(stack, "/naughty/count"),
      await call(stack, "/naughty/count"),
    ]);
    expect(answer!.status).toBe(200);
    expect([1, 2]).toContain(Number(answer!.body));
    counts.add(Number(again!.body));
  }
  expect([...counts].sort()).toEqual([1, 2]);
});

test("Restate is killed at every place and starts again: nothing that was applied is lost", async () => {
  let struck = 0;
  for (let place = 1; place <= 26; place++) {
    const gate = new Shelf();
    const stack = await started(kitchen, gate, place);
    let asked = 0;
    const kill = (): Decision => {
      if (++asked !== place) return undefined;
      struck++;
      void stack.inject({ kind: "kill-server" }).then(({ heal }) => heal());
      return undefined;
    };
    gate.before = kill;
    gate.after = kill;
    const answer = await stack.run(async () => {
      for (;;) {
        try {
          return await call(stack, "/testObject/a/effects", "x", { "idempotency-key": "once" });
        } catch (error) {
          expect((error as Error).message).toMatch(/ECONN(RESET|REFUSED)/);
          await stack.clock.sleep(20);
        }
      }
    });
    expect(told(answer)).toEqual([200, [1, 2]]);
    expect([...new Set(gate.puts)].sort()).toEqual(["x/1", "x/2"]);
  }
  expect(struck).toBe(26);
});

test("a frozen process goes on when it is thawed, beside its successor", async () => {
  const shelf = new Shelf();
  const stack = await started(kitchen, shelf);
  await stack.run(async () => {
    let calls = 0;
    const release = Promise.withResolvers<void>();
    const external = shelf.external.bind(shelf);
    shelf.external = async (request) => {
      if (++calls === 1) await release.promise;
      return external(request);
    };
    const answer = call(stack, "/testService/effect", "late");
    while (calls === 0) await stack.clock.sleep(1);
    const { heal, rested } = await stack.inject({ kind: "zombie" });
    expect(told(await answer)).toEqual([200, 1]);
    expect(shelf.puts).toEqual(["late"]);
    release.resolve();
    await heal();
    await heal();
    await rested!();
    expect(shelf.puts).toEqual(["late", "late"]);
  });
});

test("a thawed process whose call is withheld does not keep its healing waiting, and comes to rest when it is answered", async () => {
  const shelf = new Shelf();
  const stack = await started(kitchen, shelf);
  await stack.run(async () => {
    const answered = Promise.withResolvers<void>();
    const external = shelf.external.bind(shelf);
    let calls = 0;
    shelf.external = async (request) => {
      const answer = await external(request);
      if (++calls === 1) await answered.promise;
      return answer;
    };
    const answer = call(stack, "/testObject/a/effects", "z");
    while (calls === 0) await stack.clock.sleep(1);
    const { heal, rested } = await stack.inject({ kind: "zombie" });
    expect(told(await answer)).toEqual([200, [1, 2]]);
    await heal();
    expect(await stack.probe.unfinished()).toMatchObject([{ handler: "effects", status: "running" }]);
    let isAtRest = false;
    const rest = rested!().then(() => {
      isAtRest = true;
    });
    await stack.clock.sleep(500);
    expect(isAtRest).toBe(false);
    answered.resolve();
    await rest;
    expect(await stack.probe.unfinished()).toEqual([]);
  });
});

test("what is scheduled shows the idempotency key that it was sent with, and when it is due", async () => {
  const stack = await started(kitchen, new Shelf());
  await stack.run(async () => {
    const headers = { "idempotency-key": "k1", "content-type": "application/json" };
    const path = "/testObject/a/hold/send?delay=500ms";
    await stack.fetch("ingress", { method: "POST", path, headers, body: "1" });
    const now = stack.clock.now();
    const [scheduled] = await stack.probe.unfinished();
    expect(scheduled).toMatchObject({ key: "a", handler: "hold", idempotencyKey: "k1", status: "scheduled" });
    expect(scheduled!.due! - now).toBeGreaterThan(400);
    await stack.clock.sleep(1000);
    expect(await stack.probe.unfinished()).toEqual([]);
  });
});

test("a promise of the gate holds its message and what follows it, and nothing else", async () => {
  const gate = new Shelf();
  const release = Promise.withResolvers<undefined>();
  gate.before = (attempt, message) =>
    attempt.key === "held" && message.name === "SetState" ? release.promise : undefined;
  const stack = await started(kitchen, gate);
  await stack.run(async () => {
    let answered = false;
    const held = call(stack, "/testObject/held/add", 1).then(() => {
      answered = true;
    });
    expect(told(await call(stack, "/testObject/other/add", 1))).toEqual([200, 1]);
    await stack.clock.sleep(1000);
    expect(answered).toBe(false);
    release.resolve(undefined);
    await held;
  });
});

test("the gate sees attempts and messages in order, with their place", async () => {
  const seen: string[] = [];
  const gate = new Shelf();
  gate.opened = (attempt) => seen.push(`open ${attempt.handler} ${attempt.number}`);
  gate.before = (_, m) => void seen.push(`${m.direction} ${m.index} ${m.name}`);
  gate.closed = (attempt, clean) => seen.push(`closed ${attempt.handler} ${clean}`);
  const stack = await started(kitchen, gate);
  await stack.run(async () => {
    await call(stack, "/testObject/a/add", 5);
    await stack.clock.sleep(100);
  });
  expect(seen).toEqual([
    "open add 1",
    "to-endpoint 1 Start",
    "to-endpoint 2 Input",
    "to-server 1 GetEagerState",
    "to-server 2 SetState",
    "to-server 3 Output",
    "to-server 4 End",
    "closed add true",
  ]);
});

test("a front app calls Restate, and says for which operation", async () => {
  const gate = new Shelf();
  const operations: unknown[] = [];
  gate.before = (_, message) => {
    const { headers } =
      message.name === "Input" ? (message.decode() as { headers: { key: string; value: string }[] }) : { headers: [] };
    operations.push(...headers.filter(({ key }) => key === OPERATION_HEADER).map(({ value }) => value));
    return undefined;
  };
  const stack = await started(kitchen, gate);
  const headers = { [OPERATION_HEADER]: "tag/o7" };
  const request = { method: "POST", path: "/some/path", headers, body: "hello" };
  const answer = await stack.run(() => stack.fetch({ app: "conformance" }, request));
  expect(told(answer)).toEqual([201, { status: 200, answer: { asked: "/some/path", body: "hello" } }]);
  expect(operations).toEqual(["tag/o7"]);
});

test("a client that walks away leaves its invocation behind, or its request never arrived", async () => {
  const outcomes = new Set<string>();
  for (let seed = 0; seed < 30; seed++) {
    const stack = await started(kitchen, new Shelf(), seed);
    await stack.run(async () => {
      const controller = new AbortController();
      const request = { method: "POST", path: "/testObject/a/add", headers: {}, body: "1", signal: controller.signal };
      const answer = stack.fetch("ingress", request);
      if (seed % 2) controller.abort();
      else void stack.clock.sleep(3).then(() => controller.abort());
      const heard = await answer.then(
        () => "answered",
        () => "walked away",
      );
      await stack.clock.sleep(1000);
      const sum = (await stack.probe.state("a"))["testObject/a"]?.sum ?? "0";
      outcomes.add(`${heard}, sum ${sum}`);
    });
  }
  expect([...outcomes].sort()).toEqual(["answered, sum 1", "walked away, sum 0", "walked away, sum 1"]);
});

const wait = async (how: string, seed = 1) => {
  const stack = await started(naughty, new Shelf(), seed);
  return stack.run(() => call(stack, "/naughty/wait", how));
};

test("timers, time-outs, dates and randomness are virtual", async () => {
  expect(Number((await wait("timers")).body)).toBeGreaterThanOrEqual(30);
  expect((await wait("interval")).body).toBe("3");
  expect((await wait("timeout")).body).toBe('"aborted"');
  expect((await wait("random")).body).toBe((await wait("random")).body);
  expect((await wait("random", 2)).body).not.toBe((await wait("random", 3)).body);
});

for (const [how, used] of [
  ["files", "the file system"],
  ["dns", "DNS"],
  ["digest", "asynchronous crypto"],
  ["socket", "a socket"],
  ["elsewhere", "http://example.com/: neither Restate nor an external system"],
] as const) {
  test(`a service that uses ${how} is told so`, async () => {
    await expect(wait(how)).rejects.toThrow(used);
    if (how === "files") await expect(wait(how)).rejects.toThrow("naughty.fixture.ts:");
  });
}

test("an error that nobody catches ends the simulated process, not this one", async () => {
  for (const how of ["rejection", "timer", "microtask"]) {
    const gate = new Shelf();
    const ends: boolean[] = [];
    gate.closed = (_, clean) => ends.push(clean);
    const stack = await started(naughty, gate);
    const answer = await stack.run(() => call(stack, "/naughty/crash", how));
    expect(told(answer)).toEqual([200, 1]);
    expect(ends).toEqual([false]);
  }
});

test("a run in which nothing can happen any more is not waited for", async () => {
  const stack = await started(naughty, new Shelf());
  await expect(stack.run(() => new Promise(() => {}))).rejects.toThrow("stuck");
  expect((await stack.run(() => call(stack, "/naughty/count"))).body).toBe("1");
});

test("a run in which something happens for ever is not waited for", async () => {
  const stack = await started(naughty, new Shelf());
  const forEver = async () => {
    for (;;) await stack.clock.sleep(1);
  };
  await expect(stack.run(forEver)).rejects.toThrow(/does not come to an end: .* to the runner$/);
});

test("what main throws is what run rejects with, and the next run begins afresh", async () => {
  const stack = await started(naughty, new Shelf());
  const broken = stack.run(async () => {
    await call(stack, "/naughty/count");
    throw new Error("mine");
  });
  const next = stack.run(() => call(stack, "/naughty/count"));
  await expect(broken).rejects.toThrow("mine");
  expect((await next).body).toBe("1");
});

test("nothing happens after a run, but what it left can be looked at", async () => {
  const stack = await started(kitchen, new Shelf());
  await stack.run(() => call(stack, "/testObject/a/add", 1));
  await expect(call(stack, "/testObject/a/add", 1)).rejects.toThrow("inside of run()");
  await expect(stack.clock.sleep(1)).rejects.toThrow("inside of run()");
  expect(await stack.probe.state("")).toEqual({ "testObject/a": { sum: "1" } });
});

test("a message that the model does not know is named, with the version of the SDK", () => {
  const frame = { type: 0x0499, flags: 0, bytes: new Uint8Array(8), body: new Uint8Array(0) };
  const processor = { surface: { sdkVersion: "1.99.0" } } as never;
  expect(() => applyCommand(processor, {} as never, frame)).toThrow(/0x0499.*SDK 1\.99\.0/);
});

test("a bundle that fails at import, or lacks the pattern, is named", async () => {
  const stack = await started({ ...naughty, patterns: ["nice"] }, new Shelf());
  await expect(stack.run(async () => {})).rejects.toThrow('the bundle has no pattern "nice"; it has naughty');
});

const subscribe = async (stack: SimulatedStack, sink: string) => {
  const body = JSON.stringify({ source: "kafka://my-cluster/topic", sink });
  const answer = await stack.fetch("admin", { method: "POST", path: "/subscriptions", headers: {}, body });
  expect(answer.status).toBe(201);
};
const untilQuiet = async (stack: SimulatedStack) => {
  while ((await stack.probe.unfinished()).length > 0) await stack.clock.sleep(10);
};

test("records of a topic are ingested in the order of their partition, each once, also when Restate is killed", async () => {
  for (let seed = 0; seed < 20; seed++) {
    const gate = new Shelf();
    const inputs: string[] = [];
    gate.before = (attempt, { name, decode }) => {
      const { value } = name === "Input" && attempt.number === 1 ? (decode() as { value: { content: Buffer } }) : {};
      if (value) inputs.push(`${attempt.key} ${value.content}`);
      return undefined;
    };
    const stack = await started(kitchen, gate, seed);
    await stack.run(async () => {
      stack.broker.createTopic("topic", 2);
      const keyOf = (i: number) => (i % 3 ? "a" : "b");
      for (let i = 0; i < 10; i++) stack.broker.produce("topic", { key: keyOf(i), value: String(10 ** i) });
      await subscribe(stack, "service://testObject/add");
      await stack.clock.sleep(2);
      const { heal } = await stack.inject({ kind: "kill-server" });
      stack.broker.produce("topic", { key: "a", value: String(10 ** 10) });
      await heal();
      await untilQuiet(stack);
      const state = await stack.probe.state("");
      expect([state["testObject/a"]?.sum, state["testObject/b"]?.sum]).toEqual(["10110110110", "1001001001"]);
    });
    for (const key of ["a", "b"]) {
      const values = [...new Set(inputs.filter((one) => one.startsWith(key)))];
      expect(values).toEqual(values.toSorted((one, other) => one.length - other.length));
    }
  }
});

test("a key that is not UTF-8 blocks its partition, and no other", async () => {
  const stack = await started(kitchen, new Shelf());
  await stack.run(async () => {
    stack.broker.createTopic("topic", 2);
    await subscribe(stack, "service://testObject/add");
    stack.broker.produce("topic", { key: new Uint8Array([0xff]), value: "1", partition: 0 });
    stack.broker.produce("topic", { key: "a", value: "1", partition: 0 });
    stack.broker.produce("topic", { key: "b", value: "1", partition: 1 });
    await untilQuiet(stack);
    expect(await stack.probe.state("")).toEqual({ "testObject/b": { sum: "1" } });
  });
});

test("what services print stands in the trace, and leaves the run as it is", async () => {
  const lines: string[] = [];
  const stack = await SimulatedStack.start({ seed: 1, readable: (line) => lines.push(line) });
  await stack.load(naughty);
  const request = { method: "POST", path: "/naughty/wait", headers: {}, body: '"console"' };
  const print = () => stack.run(() => stack.fetch("ingress", request));
  await print();
  expect(lines).toEqual(stack.trace());
  expect(lines.join("\n")).toMatch(/ prints: said by naughty \{ lines: 1 \}$/m);

  // where nobody reads a trace, it is printed as ever, outside of the simulation: that is to say, in the present
  const hash = stack.traceHash();
  const printed: unknown[] = [];
  const log = vi.spyOn(console, "log").mockImplementation((...args) => void printed.push(...args, Date.now()));
  try {
    const { options } = stack;
    stack.options = { ...options, readable: false };
    const began = Date.now();
    await print();
    expect(printed).toEqual(["said by %s", "naughty", { lines: 1 }, expect.any(Number)]);
    expect(printed.at(-1)).toBeGreaterThanOrEqual(began);
    expect(printed.at(-1)).toBeLessThanOrEqual(Date.now());
  } finally {
    log.mockRestore();
  }
  expect(stack.traceHash()).toBe(hash);
});

test("a reader of the trace sees where an error was thrown, and by which operation an invocation was made", async () => {
  const stack = await SimulatedStack.start({ seed: 1, readable: true });
  await stack.load(naughty);
  await stack.run(async () => {
    const { invocationId } = JSON.parse((await call(stack, "/naughty/wait/send", "error")).body);
    await stack.clock.sleep(100);
    await stack.fetch("admin", { method: "PATCH", path: `/invocations/${invocationId}/kill`, headers: {} });
  });
  const trace = stack.trace().join("\n");
  expect(trace).toMatch(
    /failed: 500 thrown on purpose\n.* thrown at harness\/stack\/simulated\/naughty\.fixture\.ts:\d+$/m,
  );
  expect(trace).not.toContain("inv_");
});

test("a step that ends after its attempt finds what the SDK keeps for it", async () => {
  const require = createRequire(import.meta.url);
  const sdk = path.dirname(require.resolve("@restatedev/restate-sdk/package.json"));
  const { WasmVM } = require(path.join(sdk, "dist/endpoint/handlers/vm/sdk_shared_core_wasm_bindings.cjs"));
  const told = vi.spyOn(WasmVM.prototype, "propose_run_completion_success");
  const stack = await started(naughty, new Shelf());
  await stack.run(async () => {
    await call(stack, "/naughty/hurry");
    await stack.clock.sleep(100);
  });
  // the second one comes too late, and the SDK says so; that it were gone would be a plain error
  expect(told.mock.results.map(({ type, value }) => [type, value instanceof Error])).toEqual([
    ["return", false],
    ["throw", false],
  ]);
  told.mockRestore();
});
