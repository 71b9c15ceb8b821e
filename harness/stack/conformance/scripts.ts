import type { Watch } from "./recorder.ts";
import type { TestClient } from "./test-client.ts";

/** What a client does in a variant; the answer is all that it saw, and must be the same on every stack. */
export type Script = (client: TestClient, watch: Watch) => Promise<unknown>;

/** Waits until an attempt of an invocation has failed, or the invocation has ended well. */
const failsOrEnds = (client: TestClient, id: string): Promise<unknown> =>
  client.until("it has failed, or is over", async () => {
    const [status] = await client.output(id);
    return status === 200 || (await client.isFailing(id));
  });

const UNKNOWN_AWAKEABLE = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBw";
/** Of the wrong form, type, version and length; the last two are well-formed, and nobody's. */
const NO_AWAKEABLES = [
  "nonsense",
  "sign_1",
  "prom_1abc",
  `sign_2${UNKNOWN_AWAKEABLE}`,
  `sign_1${UNKNOWN_AWAKEABLE}A`,
  `sign_1${UNKNOWN_AWAKEABLE}====`,
  "inv_1fcuCZihrTo81m3Xn1wamnVMIm0to9JNja",
  `sign_1${UNKNOWN_AWAKEABLE}`,
  `prom_1${UNKNOWN_AWAKEABLE}`,
];

/** Of the wrong form, version, length and digits; the last one is well-formed, and nobody's. */
const NO_INVOCATIONS = [
  "nonsense",
  "inv_2fcuCZihrTo81m3Xn1wamnVMIm0to9JNja",
  "inv_1fcuCZihrTo81m3Xn1wamnVMIm0to9JN",
  "inv_1fcuCZihrTo81m3Xn1wamnVMIm0to9JN_a",
  "inv_1fcuCZihrTo81m3Xn1wamnVMIm0to9JNja",
];

/** Every feature of the SDK and of the server, by name. */
export const scripts: Record<string, Script> = {
  // --- state ---
  "state: set, get, keys, clear, clear all, shared read": async (client) => [
    await client.call("testObject//add", 2),
    await client.call("testObject//add", 3),
    await client.call("testObject//fill"),
    await client.call("testObject//read"),
    await client.call("testObject//clear", "a"),
    await client.call("testObject//peek"),
    await client.call("testObject//read"),
    await client.call("testObject//clearAll"),
    await client.call("testObject//read"),
    await client.state("testObject"),
  ],

  // --- input and output ---
  "values of every shape, and nothing": async (client) => [
    await client.call("testService/echo", { a: [1, "é", null, { b: 0.1 }] }),
    await client.call("testService/echo", null),
    await client.call("testService/echo", ""),
    await client.call("testService/echo"),
    await client.call("testService/nothing"),
  ],
  "headers of a request, and of a call": async (client) => [
    await client.call("testService/headers", undefined, { headers: { "X-My-Header": "here" } }),
    await client.call("testService/callHeaders"),
  ],
  "a front app": async (client) => [await client.app("/some/path?q=1", "hello")],
  "what does not exist": async (client) => [
    await client.call("nothing/here"),
    await client.call("testService/unknown"),
    await client.call("testObject/unknown"),
  ],

  // --- errors ---
  "terminal errors, with code and metadata": async (client) => [
    await client.call("testService/fail", 418),
    await client.call("testService/fail", 409),
    await client.call("testService/failPlain"),
    await client.call("testService/failInRun"),
    await client.call("testService/catchFail"),
  ],
  "an error after a send: what was sent stands": async (client) => {
    const answer = await client.call("testService/sendAndFail", client.key(""));
    await client.until("it is there", async () => (await client.state("testObject")).sum === 3);
    return [answer, await client.state("testObject")];
  },

  // --- steps ---
  "steps: values, names, nothing": async (client) => [await client.call("testService/runs")],
  "steps at the same time": async (client) => [
    await client.call(
      "testService/parallelRuns",
      ["a", "b", "c"].map((name) => client.key(name)),
    ),
  ],
  "a step that is retried, and then fails": async (client) => [await client.call("testService/flaky")],
  "a step that asks to be retried later": async (client) => [await client.call("testService/retryLater")],
  "random numbers and dates": async (client) => [await client.call("testService/random")],
  "effects between state and sleep": async (client) => [
    await client.call("testObject//effects", client.key("x")),
    await client.state("testObject"),
  ],

  // --- combinators ---
  "all: parallel calls": async (client) => [
    await client.call(
      "testService/addAll",
      ["1", "2", "1"].map((key) => client.key(key)),
    ),
    await client.state("testObject", "1"),
    await client.state("testObject", "2"),
  ],
  allSettled: async (client) => [await client.call("testService/settleAll")],
  "race, and a sleep that loses it": async (client) => [await client.call("testService/race")],
  "a time-out of an awakeable": async (client) => [await client.call("testService/timeOut")],
  "several awaits at once": async (client) => [
    await client.call("testService/interleave", client.key("")),
    await client.state("testObject"),
  ],

  // --- calls ---
  "call, send, delayed send": async (client) => {
    const answer = await client.call("testService/callAndSend", { key: client.key(""), amount: 7 });
    await client.until("all is sent", async () => (await client.state("testObject")).sum === 1107);
    return answer;
  },
  "a generic call": async (client) => [
    await client.call("testService/generic", client.key("")),
    await client.state("testObject"),
  ],
  "a call with an idempotency key": async (client) => [
    await client.call("testService/addOnce", { key: client.key(""), once: client.key("once") }),
    await client.state("testObject"),
  ],
  "attach to what was sent": async (client) => [await client.call("testService/sendAndAttach", client.key(""))],
  "attach to what does not exist": async (client) => [
    await client.call("testService/attachUnknown", "inv_1fcuCZihrTo81m3Xn1wamnVMIm0to9JNja"),
  ],

  // --- idempotency ---
  "the same idempotency key, another body, attach, output": async (client) => {
    const once = { once: "once" };
    const first = await client.call("testObject//add", 1, once);
    const second = await client.call("testObject//add", 50, once);
    const { id, answer } = await client.send("testObject//add", 50, once);
    return [first, second, answer, await client.attach(id), await client.output(id), await client.state("testObject")];
  },
  "named by an idempotency key: a plain one, one that is escaped, one that was never used": async (client) => {
    await client.call("testObject//add", 1, { once: "plain" });
    await client.call("testObject//add", 2, { once: "not,plain" });
    await client.call("testService/catchFail", client.key(""), { once: "plain" });
    const named = async (target: string, once: string) => [
      await client.named(target, once, "output"),
      await client.named(target, once, "attach"),
    ];
    return [
      await named("testObject//add", "plain"),
      await named("testObject//add", "not,plain"),
      await named("testObject//add", "never used"),
      await named("testService/catchFail", "plain"),
    ];
  },
  "a duplicate joins the one that runs": async (client) => {
    const answers = [
      client.call("testObject//hold", 60, { once: "h" }),
      client.call("testObject//hold", 10, { once: "h" }),
    ];
    return Promise.all(answers);
  },
  "purged: the key runs again": async (client) => {
    const first = await client.call("testObject//add", 1, { once: "p" });
    const { id } = await client.send("testObject//add", 1, { once: "p" });
    const purged = await client.purge(id);
    await client.until("it is gone", async () => (await client.output(id))[0] === 404);
    return [first, purged, await client.call("testObject//add", 1, { once: "p" })];
  },

  // --- sends ---
  "a delayed send: output before, attach, output after": async (client) => {
    const { id, answer } = await client.send("testObject//add", 4, { delay: 150, once: "d" });
    const early = await client.output(id);
    return [answer, early, await client.attach(id), await client.output(id)];
  },
  "a send without a key: attach afterwards": async (client) => {
    const { id, answer } = await client.send("testObject//add", 4);
    return [answer, await client.attach(id), await client.output(id)];
  },
  "requests wait for their key, and are all served": async (client) => {
    const held = client.call("testObject//hold", 50);
    await client.until("it is held", async () => (await client.state("testObject")).held === true);
    const waiting = [1, 10, 100, 1000].map((amount) => client.call("testObject//add", amount));
    await Promise.all(waiting);
    return [await held, await client.state("testObject")];
  },
  "a shared handler does not wait": async (client) => {
    const held = client.call("testObject//hold", 300);
    await client.until("it is held", async () => (await client.state("testObject")).held === true);
    return [await client.call("testObject//read"), await held];
  },

  // --- awakeables and signals ---
  "an awakeable: resolved, again, and rejected": async (client) => {
    const waits = client.call("testObject/1/wait");
    const id = await client.awakeable("1");
    const statuses = [await client.resolve(id, { v: 1 })];
    const first = await waits;
    statuses.push(await client.resolve(id, { v: 2 }));
    const other = client.call("testObject/2/wait");
    statuses.push(await client.reject(await client.awakeable("2"), "because"));
    return [statuses, first, await other];
  },
  "an awakeable is completed by a handler": async (client) => {
    const first = client.call("testObject/1/wait");
    await client.call("testService/resolveFor", { id: await client.awakeable("1"), value: [1] });
    const second = client.call("testObject/2/wait");
    await client.call("testService/rejectFor", { id: await client.awakeable("2"), reason: "no" });
    return [await first, await second];
  },
  "ids that are no awakeable's: the attempt fails, for ever": async (client) => {
    const seen = [];
    for (const [index, id] of NO_AWAKEABLES.entries()) {
      const sent = await client.send("testService/resolveFor", { id, value: 1 }, { once: `${index}` });
      await failsOrEnds(client, sent.id);
      seen.push([
        await client.resolve(encodeURIComponent(id), 1),
        (await client.output(sent.id))[0],
        await client.kill(sent.id),
      ]);
      seen.push(await client.attach(sent.id));
    }
    return seen;
  },
  "ids that are no invocation's: the attempt fails, for ever": async (client) => {
    const seen = [];
    for (const [target, body] of [
      ["testService/attachUnknown", NO_INVOCATIONS[0]],
      ["testService/attachUnknown", NO_INVOCATIONS[1]],
      ["testService/cancelUnknown", NO_INVOCATIONS[0]],
      ["testService/cancelUnknown", NO_INVOCATIONS[2]],
      ["testService/ring", { id: NO_INVOCATIONS[3], value: "x" }],
      ["testService/ring", { id: NO_INVOCATIONS[4], value: "x" }],
    ] as const) {
      const sent = await client.send(target, body, { once: JSON.stringify(body) });
      await failsOrEnds(client, sent.id);
      seen.push([(await client.output(sent.id))[0], await client.kill(sent.id), await client.attach(sent.id)]);
    }
    return seen;
  },
  "a signal by name": async (client) => {
    const listen = async (key: string) => {
      const answer = client.call(`testObject/${key}/listen`);
      const id = await client.until(
        "it listens",
        async () => (await client.state("testObject", key)).id as string | undefined,
      );
      return { answer, id };
    };
    const first = await listen("1");
    await client.call("testService/ring", { id: first.id, value: "ding" });
    const second = await listen("2");
    await client.call("testService/unring", { id: second.id, reason: "no bell" });
    return [await first.answer, await second.answer];
  },

  // --- workflows ---
  "a workflow: run, run again, look, approve, approve again, attach": async (client) => {
    const { id, answer } = await client.send("testWorkflow//run", "x");
    const again = await client.send("testWorkflow//run", "y");
    const look = await client.until("it has begun", async () => {
      const seen = await client.call("testWorkflow//look");
      return (seen[1] as unknown[])[1] === "x" && seen;
    });
    const follower = client.call("testWorkflow//follow");
    const approved = [
      await client.call("testWorkflow//approve", "go"),
      await client.call("testWorkflow//approve", "no"),
    ];
    const refused = await client.call("testWorkflow//run", "z");
    const results = [await client.attach(id), await client.workflow("", "attach"), await client.workflow("", "output")];
    const late = await client.call("testWorkflow//look");
    return [
      answer,
      again.answer,
      look,
      approved,
      refused,
      results,
      await follower,
      late,
      await client.state("testWorkflow"),
    ];
  },
  "a promise is completed before it is asked for, or rejected": async (client) => {
    await client.call("testWorkflow/1/deny", "nope");
    const denied = await client.call("testWorkflow/1/run", "x");
    return [
      denied,
      await client.call("testService/useWorkflow", client.key("2")),
      await client.call("testService/runWorkflow", client.key("3")),
    ];
  },
  "a workflow that does not exist, and an idempotency key for a run": async (client) => [
    await client.workflow("", "attach"),
    await client.workflow("", "output"),
    await client.call("testWorkflow//run", "x", { once: "k" }),
  ],

  // --- cancellation ---
  "cancelled while it waits: caught, and with a compensation": async (client) => {
    const caught = await client.send("testObject/1/wait", undefined, { once: "c" });
    await client.awakeable("1");
    const statuses = [await client.cancel(caught.id)];
    const first = await client.attach(caught.id);
    const thrown = await client.send("testObject/2/waitOrUndo", undefined, { once: "t" });
    await client.awakeable("2");
    statuses.push(await client.cancel(thrown.id));
    const second = await client.attach(thrown.id);
    statuses.push(await client.cancel(thrown.id), await client.cancel("inv_1unknown"), await client.kill(thrown.id));
    return [statuses, first, second, (await client.state("testObject", "2")).undone];
  },
  "cancelled twice: it is interrupted twice": async (client) => {
    const { id } = await client.send("testService/undoSlowly", client.key(""), { once: "u" });
    await client.until("it sleeps", async () => (await client.state("testObject")).sum === 1);
    await client.cancel(id);
    await client.until("it undoes", async () => (await client.state("testObject")).sum === 11);
    await client.cancel(id);
    const answer = await client.attach(id);
    await client.until("it is undone", async () => (await client.state("testObject")).sum === 21);
    return answer;
  },
  "the parent is cancelled, and the child first": async (client) => {
    const { id } = await client.send("testService/waitForChild", client.key(""), { once: "w" });
    await client.awakeable();
    await client.cancel(id);
    return [await client.attach(id), (await client.state("testObject")).undone];
  },
  "a child is cancelled by its id": async (client) => [await client.call("testService/cancelChild", client.key(""))],
  "a cancellation that the handler listens for": async (client) => {
    const { id } = await client.send("testService/explicit", client.key(""), { once: "e" });
    await client.awakeable();
    await client.cancel(id);
    return client.attach(id);
  },
  "cancelled while it waits for its key: no record is left": async (client) => {
    const held = client.call("testObject//hold", 400);
    await client.until("it is held", async () => (await client.state("testObject")).held === true);
    const { id } = await client.send("testObject//add", 9, { once: "p" });
    const attached = client.attach(id);
    await client.sleep(20);
    const cancelled = await client.cancel(id);
    const result = await attached;
    const after = await client.output(id);
    await held;
    return [cancelled, result, after, await client.call("testObject//add", 9, { once: "p" })];
  },
  "cancelled before it is due: no record is left": async (client) => {
    const { id } = await client.send("testObject//add", 1, { delay: 60_000, once: "s" });
    const cancelled = await client.cancel(id);
    await client.until("it is gone", async () => (await client.output(id))[0] === 404);
    return [cancelled, await client.call("testObject//add", 9, { once: "s" })];
  },

  // --- kill ---
  "killed while it waits: its key is free, its code never runs": async (client) => {
    const { id } = await client.send("testObject//waitOrUndo", undefined, { once: "k" });
    await client.awakeable();
    const killed = await client.kill(id);
    return [
      killed,
      await client.attach(id),
      (await client.state("testObject")).undone ?? null,
      await client.call("testObject//add", 1),
    ];
  },
  "the parent is killed, and its children": async (client) => {
    const { id } = await client.send("testService/waitForChild", client.key(""), { once: "w" });
    await client.awakeable();
    await client.kill(id);
    const answer = await client.attach(id);
    return [answer, await client.call("testObject//add", 1), (await client.state("testObject")).undone ?? null];
  },
  "killed after it has sent: what was sent and waits is killed too": async (client) => {
    const held = client.call("testObject//hold", 500);
    await client.until("it is held", async () => (await client.state("testObject")).held === true);
    const { id } = await client.send("testService/undoSlowly", client.key(""), { once: "u" });
    await client.sleep(100);
    const killed = await client.kill(id);
    const answer = await client.attach(id);
    await held;
    return [killed, answer, await client.call("testObject//add", 1000)];
  },
};

/**
 * Scripts for a variant in which something breaks: every request that could be made twice carries an idempotency key, and
 * is made again at the end.
 */
export const robustScripts: Record<string, Script> = {
  "effects between state and sleep": async (client) => {
    const once = { once: "once" };
    const first = await client.call("testObject//effects", client.key("x"), once);
    return [first, await client.call("testObject//effects", client.key("y"), once), await client.state("testObject")];
  },
  "call, send, delayed send": async (client) => {
    const body = { key: client.key(""), amount: 7 };
    const first = await client.call("testService/callAndSend", body, { once: "once" });
    await client.until("all is sent", async () => (await client.state("testObject")).sum === 1107);
    return [
      first,
      await client.call("testService/callAndSend", body, { once: "once" }),
      await client.state("testObject"),
    ];
  },
  "a parent waits for a child that is cancelled": async (client) => {
    const { id } = await client.send("testService/waitForChild", client.key(""), { once: "w" });
    await client.awakeable();
    await client.cancel(id);
    const answer = await client.attach(id);
    await client.until("it is undone", async () => (await client.state("testObject")).undone === true);
    return [answer, await client.call("testService/waitForChild", client.key(""), { once: "w" })];
  },
  "an awakeable": async (client) => {
    const waits = client.call("testObject//wait", undefined, { once: "w" });
    await client.resolve(await client.awakeable(), { v: 1 });
    return [await waits, await client.call("testObject//wait", undefined, { once: "w" })];
  },
  "a workflow and its promise": async (client) => {
    const { id } = await client.send("testWorkflow//run", "x", { isSafe: true });
    await client.until("it has begun", async () => (await client.state("testWorkflow")).seen === "x");
    const approved = await client.call("testWorkflow//approve", "go", { once: "a" });
    return [approved, await client.attach(id), await client.call("testWorkflow//look", undefined, { once: "l" })];
  },
  "parallel steps": async (client) => {
    const names = ["a", "b"].map((name) => client.key(name));
    const first = await client.call("testService/parallelRuns", names, { once: "p" });
    return [first, await client.call("testService/parallelRuns", names, { once: "p" })];
  },
  "an error that a parent catches": async (client) => [
    await client.call("testService/catchFail", undefined, { once: "c" }),
    await client.call("testService/catchFail", undefined, { once: "c" }),
  ],
  "killed, and called again": async (client) => {
    const { id } = await client.send("testObject//waitOrUndo", undefined, { once: "k" });
    await client.awakeable();
    await client.kill(id);
    return [await client.attach(id), await client.call("testObject//add", 1, { once: "a" })];
  },
};
