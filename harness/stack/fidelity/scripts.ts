import type { Guest } from "./guest.ts";

/** What a guest does in a kitchen; the answer is all that it saw, and must be the same on every stack. */
export type Script = (guest: Guest) => Promise<unknown>;

/** Every feature of the SDK and of the server, by name. */
export const scripts: Record<string, Script> = {
  // --- state ---
  "state: set, get, keys, clear, clear all, shared read": async (guest) => [
    await guest.call("cupboard//add", 2),
    await guest.call("cupboard//add", 3),
    await guest.call("cupboard//fill"),
    await guest.call("cupboard//read"),
    await guest.call("cupboard//clear", "a"),
    await guest.call("cupboard//peek"),
    await guest.call("cupboard//read"),
    await guest.call("cupboard//clearAll"),
    await guest.call("cupboard//read"),
    await guest.state("cupboard"),
  ],

  // --- input and output ---
  "values of every shape, and nothing": async (guest) => [
    await guest.call("cook/echo", { a: [1, "é", null, { b: 0.1 }] }),
    await guest.call("cook/echo", null),
    await guest.call("cook/echo", ""),
    await guest.call("cook/echo"),
    await guest.call("cook/nothing"),
  ],
  "headers of a request, and of a call": async (guest) => [
    await guest.call("cook/headers", undefined, { headers: { "X-My-Header": "here" } }),
    await guest.call("cook/callHeaders"),
  ],
  "a front app": async (guest) => [await guest.app("/some/path?q=1", "hello")],
  "what does not exist": async (guest) => [
    await guest.call("nothing/here"),
    await guest.call("cook/unknown"),
    await guest.call("cupboard/unknown"),
  ],

  // --- errors ---
  "terminal errors, with code and metadata": async (guest) => [
    await guest.call("cook/fail", 418),
    await guest.call("cook/fail", 409),
    await guest.call("cook/failPlain"),
    await guest.call("cook/failInRun"),
    await guest.call("cook/catchFail"),
  ],
  "an error after a send: what was sent stands": async (guest) => {
    const answer = await guest.call("cook/sendAndFail", guest.key(""));
    await guest.until("it is there", async () => (await guest.state("cupboard")).sum === 3);
    return [answer, await guest.state("cupboard")];
  },

  // --- steps ---
  "steps: values, names, nothing": async (guest) => [await guest.call("cook/runs")],
  "steps at the same time": async (guest) => [
    await guest.call(
      "cook/parallelRuns",
      ["a", "b", "c"].map((name) => guest.key(name)),
    ),
  ],
  "a step that is retried, and then fails": async (guest) => [await guest.call("cook/flaky")],
  "a step that asks to be retried later": async (guest) => [await guest.call("cook/retryLater")],
  "random numbers and dates": async (guest) => [await guest.call("cook/random")],
  "effects between state and sleep": async (guest) => [
    await guest.call("cupboard//effects", guest.key("x")),
    await guest.state("cupboard"),
  ],

  // --- combinators ---
  "all: parallel calls": async (guest) => [
    await guest.call(
      "cook/addAll",
      ["1", "2", "1"].map((key) => guest.key(key)),
    ),
    await guest.state("cupboard", "1"),
    await guest.state("cupboard", "2"),
  ],
  allSettled: async (guest) => [await guest.call("cook/settleAll")],
  "race, and a sleep that loses it": async (guest) => [await guest.call("cook/race")],
  "a time-out of an awakeable": async (guest) => [await guest.call("cook/timeOut")],
  "several awaits at once": async (guest) => [
    await guest.call("cook/interleave", guest.key("")),
    await guest.state("cupboard"),
  ],

  // --- calls ---
  "call, send, delayed send": async (guest) => {
    const answer = await guest.call("cook/callAndSend", { key: guest.key(""), amount: 7 });
    await guest.until("all is sent", async () => (await guest.state("cupboard")).sum === 1107);
    return answer;
  },
  "a generic call": async (guest) => [await guest.call("cook/generic", guest.key("")), await guest.state("cupboard")],
  "a call with an idempotency key": async (guest) => [
    await guest.call("cook/addOnce", { key: guest.key(""), once: guest.key("once") }),
    await guest.state("cupboard"),
  ],
  "attach to what was sent": async (guest) => [await guest.call("cook/sendAndAttach", guest.key(""))],
  "attach to what does not exist": async (guest) => [
    await guest.call("cook/attachUnknown", "inv_1fcuCZihrTo81m3Xn1wamnVMIm0to9JNja"),
  ],

  // --- idempotency ---
  "the same idempotency key, another body, attach, output": async (guest) => {
    const once = { once: "once" };
    const first = await guest.call("cupboard//add", 1, once);
    const second = await guest.call("cupboard//add", 50, once);
    const { id, answer } = await guest.send("cupboard//add", 50, once);
    return [first, second, answer, await guest.attach(id), await guest.output(id), await guest.state("cupboard")];
  },
  "named by an idempotency key: a plain one, one that is escaped, one that was never used": async (guest) => {
    await guest.call("cupboard//add", 1, { once: "plain" });
    await guest.call("cupboard//add", 2, { once: "not,plain" });
    await guest.call("cook/catchFail", guest.key(""), { once: "plain" });
    const named = async (target: string, once: string) => [
      await guest.named(target, once, "output"),
      await guest.named(target, once, "attach"),
    ];
    return [
      await named("cupboard//add", "plain"),
      await named("cupboard//add", "not,plain"),
      await named("cupboard//add", "never used"),
      await named("cook/catchFail", "plain"),
    ];
  },
  "a duplicate joins the one that runs": async (guest) => {
    const answers = [guest.call("cupboard//hold", 60, { once: "h" }), guest.call("cupboard//hold", 10, { once: "h" })];
    return Promise.all(answers);
  },
  "purged: the key runs again": async (guest) => {
    const first = await guest.call("cupboard//add", 1, { once: "p" });
    const { id } = await guest.send("cupboard//add", 1, { once: "p" });
    const purged = await guest.purge(id);
    await guest.until("it is gone", async () => (await guest.output(id))[0] === 404);
    return [first, purged, await guest.call("cupboard//add", 1, { once: "p" })];
  },

  // --- sends ---
  "a delayed send: output before, attach, output after": async (guest) => {
    const { id, answer } = await guest.send("cupboard//add", 4, { delay: 150, once: "d" });
    const early = await guest.output(id);
    return [answer, early, await guest.attach(id), await guest.output(id)];
  },
  "a send without a key: attach afterwards": async (guest) => {
    const { id, answer } = await guest.send("cupboard//add", 4);
    return [answer, await guest.attach(id), await guest.output(id)];
  },
  "requests wait for their key, and are all served": async (guest) => {
    const held = guest.call("cupboard//hold", 50);
    await guest.until("it is held", async () => (await guest.state("cupboard")).held === true);
    const waiting = [1, 10, 100, 1000].map((amount) => guest.call("cupboard//add", amount));
    await Promise.all(waiting);
    return [await held, await guest.state("cupboard")];
  },
  "a shared handler does not wait": async (guest) => {
    const held = guest.call("cupboard//hold", 300);
    await guest.until("it is held", async () => (await guest.state("cupboard")).held === true);
    return [await guest.call("cupboard//read"), await held];
  },

  // --- awakeables and signals ---
  "an awakeable: resolved, again, and rejected": async (guest) => {
    const waits = guest.call("cupboard/1/wait");
    const id = await guest.awakeable("1");
    const statuses = [await guest.resolve(id, { v: 1 })];
    const first = await waits;
    statuses.push(await guest.resolve(id, { v: 2 }));
    const other = guest.call("cupboard/2/wait");
    statuses.push(await guest.reject(await guest.awakeable("2"), "because"));
    return [statuses, first, await other];
  },
  "an awakeable is completed by a handler": async (guest) => {
    const first = guest.call("cupboard/1/wait");
    await guest.call("cook/resolveFor", { id: await guest.awakeable("1"), value: [1] });
    const second = guest.call("cupboard/2/wait");
    await guest.call("cook/rejectFor", { id: await guest.awakeable("2"), reason: "no" });
    return [await first, await second];
  },
  "a signal by name": async (guest) => {
    const listen = async (key: string) => {
      const answer = guest.call(`cupboard/${key}/listen`);
      const id = await guest.until(
        "it listens",
        async () => (await guest.state("cupboard", key)).id as string | undefined,
      );
      return { answer, id };
    };
    const first = await listen("1");
    await guest.call("cook/ring", { id: first.id, value: "ding" });
    const second = await listen("2");
    await guest.call("cook/unring", { id: second.id, reason: "no bell" });
    return [await first.answer, await second.answer];
  },

  // --- workflows ---
  "a workflow: run, run again, look, approve, approve again, attach": async (guest) => {
    const { id, answer } = await guest.send("recipe//run", "x");
    const again = await guest.send("recipe//run", "y");
    const look = await guest.until("it has begun", async () => {
      const seen = await guest.call("recipe//look");
      return (seen[1] as unknown[])[1] === "x" && seen;
    });
    const follower = guest.call("recipe//follow");
    const approved = [await guest.call("recipe//approve", "go"), await guest.call("recipe//approve", "no")];
    const refused = await guest.call("recipe//run", "z");
    const results = [await guest.attach(id), await guest.workflow("", "attach"), await guest.workflow("", "output")];
    const late = await guest.call("recipe//look");
    return [answer, again.answer, look, approved, refused, results, await follower, late, await guest.state("recipe")];
  },
  "a promise is completed before it is asked for, or rejected": async (guest) => {
    await guest.call("recipe/1/deny", "nope");
    const denied = await guest.call("recipe/1/run", "x");
    return [
      denied,
      await guest.call("cook/useWorkflow", guest.key("2")),
      await guest.call("cook/runWorkflow", guest.key("3")),
    ];
  },
  "a workflow that does not exist, and an idempotency key for a run": async (guest) => [
    await guest.workflow("", "attach"),
    await guest.workflow("", "output"),
    await guest.call("recipe//run", "x", { once: "k" }),
  ],

  // --- cancellation ---
  "cancelled while it waits: caught, and with a compensation": async (guest) => {
    const caught = await guest.send("cupboard/1/wait", undefined, { once: "c" });
    await guest.awakeable("1");
    const statuses = [await guest.cancel(caught.id)];
    const first = await guest.attach(caught.id);
    const thrown = await guest.send("cupboard/2/waitOrUndo", undefined, { once: "t" });
    await guest.awakeable("2");
    statuses.push(await guest.cancel(thrown.id));
    const second = await guest.attach(thrown.id);
    statuses.push(await guest.cancel(thrown.id), await guest.cancel("inv_1unknown"), await guest.kill(thrown.id));
    return [statuses, first, second, (await guest.state("cupboard", "2")).undone];
  },
  "cancelled twice: it is interrupted twice": async (guest) => {
    const { id } = await guest.send("cook/undoSlowly", guest.key(""), { once: "u" });
    await guest.until("it sleeps", async () => (await guest.state("cupboard")).sum === 1);
    await guest.cancel(id);
    await guest.until("it undoes", async () => (await guest.state("cupboard")).sum === 11);
    await guest.cancel(id);
    const answer = await guest.attach(id);
    await guest.until("it is undone", async () => (await guest.state("cupboard")).sum === 21);
    return answer;
  },
  "the parent is cancelled, and the child first": async (guest) => {
    const { id } = await guest.send("cook/waitForChild", guest.key(""), { once: "w" });
    await guest.awakeable();
    await guest.cancel(id);
    return [await guest.attach(id), (await guest.state("cupboard")).undone];
  },
  "a child is cancelled by its id": async (guest) => [await guest.call("cook/cancelChild", guest.key(""))],
  "a cancellation that the handler listens for": async (guest) => {
    const { id } = await guest.send("cook/explicit", guest.key(""), { once: "e" });
    await guest.awakeable();
    await guest.cancel(id);
    return guest.attach(id);
  },
  "cancelled while it waits for its key: no record is left": async (guest) => {
    const held = guest.call("cupboard//hold", 400);
    await guest.until("it is held", async () => (await guest.state("cupboard")).held === true);
    const { id } = await guest.send("cupboard//add", 9, { once: "p" });
    const attached = guest.attach(id);
    await guest.sleep(20);
    const cancelled = await guest.cancel(id);
    const result = await attached;
    const after = await guest.output(id);
    await held;
    return [cancelled, result, after, await guest.call("cupboard//add", 9, { once: "p" })];
  },
  "cancelled before it is due: no record is left": async (guest) => {
    const { id } = await guest.send("cupboard//add", 1, { delay: 60_000, once: "s" });
    const cancelled = await guest.cancel(id);
    await guest.until("it is gone", async () => (await guest.output(id))[0] === 404);
    return [cancelled, await guest.call("cupboard//add", 9, { once: "s" })];
  },

  // --- kill ---
  "killed while it waits: its key is free, its code never runs": async (guest) => {
    const { id } = await guest.send("cupboard//waitOrUndo", undefined, { once: "k" });
    await guest.awakeable();
    const killed = await guest.kill(id);
    return [
      killed,
      await guest.attach(id),
      (await guest.state("cupboard")).undone ?? null,
      await guest.call("cupboard//add", 1),
    ];
  },
  "the parent is killed, and its children": async (guest) => {
    const { id } = await guest.send("cook/waitForChild", guest.key(""), { once: "w" });
    await guest.awakeable();
    await guest.kill(id);
    const answer = await guest.attach(id);
    return [answer, await guest.call("cupboard//add", 1), (await guest.state("cupboard")).undone ?? null];
  },
  "killed after it has sent: what was sent and waits is killed too": async (guest) => {
    const held = guest.call("cupboard//hold", 500);
    await guest.until("it is held", async () => (await guest.state("cupboard")).held === true);
    const { id } = await guest.send("cook/undoSlowly", guest.key(""), { once: "u" });
    await guest.sleep(100);
    const killed = await guest.kill(id);
    const answer = await guest.attach(id);
    await held;
    return [killed, answer, await guest.call("cupboard//add", 1000)];
  },
};

/**
 * Scripts for a kitchen in which something breaks: every request that could be made twice carries an idempotency key, and
 * is made again at the end.
 */
export const robustScripts: Record<string, Script> = {
  "effects between state and sleep": async (guest) => {
    const once = { once: "once" };
    const first = await guest.call("cupboard//effects", guest.key("x"), once);
    return [first, await guest.call("cupboard//effects", guest.key("y"), once), await guest.state("cupboard")];
  },
  "call, send, delayed send": async (guest) => {
    const body = { key: guest.key(""), amount: 7 };
    const first = await guest.call("cook/callAndSend", body, { once: "once" });
    await guest.until("all is sent", async () => (await guest.state("cupboard")).sum === 1107);
    return [first, await guest.call("cook/callAndSend", body, { once: "once" }), await guest.state("cupboard")];
  },
  "a parent waits for a child that is cancelled": async (guest) => {
    const { id } = await guest.send("cook/waitForChild", guest.key(""), { once: "w" });
    await guest.awakeable();
    await guest.cancel(id);
    const answer = await guest.attach(id);
    await guest.until("it is undone", async () => (await guest.state("cupboard")).undone === true);
    return [answer, await guest.call("cook/waitForChild", guest.key(""), { once: "w" })];
  },
  "an awakeable": async (guest) => {
    const waits = guest.call("cupboard//wait", undefined, { once: "w" });
    await guest.resolve(await guest.awakeable(), { v: 1 });
    return [await waits, await guest.call("cupboard//wait", undefined, { once: "w" })];
  },
  "a workflow and its promise": async (guest) => {
    const { id } = await guest.send("recipe//run", "x", { isSafe: true });
    await guest.until("it has begun", async () => (await guest.state("recipe")).seen === "x");
    const approved = await guest.call("recipe//approve", "go", { once: "a" });
    return [approved, await guest.attach(id), await guest.call("recipe//look", undefined, { once: "l" })];
  },
  "parallel steps": async (guest) => {
    const names = ["a", "b"].map((name) => guest.key(name));
    const first = await guest.call("cook/parallelRuns", names, { once: "p" });
    return [first, await guest.call("cook/parallelRuns", names, { once: "p" })];
  },
  "an error that a parent catches": async (guest) => [
    await guest.call("cook/catchFail", undefined, { once: "c" }),
    await guest.call("cook/catchFail", undefined, { once: "c" }),
  ],
  "killed, and called again": async (guest) => {
    const { id } = await guest.send("cupboard//waitOrUndo", undefined, { once: "k" });
    await guest.awakeable();
    await guest.kill(id);
    return [await guest.attach(id), await guest.call("cupboard//add", 1, { once: "a" })];
  },
};
