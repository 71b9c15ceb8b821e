import type { Script } from "./scripts.ts";
import type { Answer, TestClient } from "./test-client.ts";

/**
 * What is ended, cancelled or killed, at every message of the targets' attempts. The scripts come to an end wherever
 * that strikes, and ask then for all that is remembered: results, the answers to the same requests once more, state.
 */
export interface EndedScript {
  script: Script;
  targets: string[];
  /** also ended at the messages of the targets: those that the requests with these idempotency keys have made */
  others?: string[];
  /** what is added to the names of services: where it is executed */
  variants?: string[];
}

/** What others do for an invocation, so that it comes to an end by itself. */
type Help = (client: TestClient, invocation: string) => Promise<unknown>;

const resolveAwakeable: Help = async (client, invocation) => {
  const awakeable = await awakeableOf(client, invocation);
  return awakeable && client.resolve(awakeable, { v: 1 });
};
const cancelAtAwakeable: Help = async (client, invocation) =>
  (await awakeableOf(client, invocation)) && client.cancel(invocation);

const awakeableOf = (client: TestClient, invocation: string): Promise<string | undefined> =>
  client.untilOver(invocation, async () => (await client.state("testObject")).awakeable as string | undefined);

/** A request, with a client that waits for its answer, and the same request once more. */
const once =
  (target: string, body?: (client: TestClient) => unknown, help?: Help): Script =>
  async (client) => {
    const request = [target, body?.(client), { once: "once" }] as const;
    const { id, answer } = await client.send(...request);
    const waits = client.call(...request);
    await help?.(client, id);
    const results = [await waits, await client.attach(id)];
    await client.quiet();
    results.push(await client.output(id), await client.attach(id));
    const again = await client.send(...request);
    // then nobody may help it any more
    if (again.answer[1] === "Accepted") return [answer, results, "it runs again"];
    return [
      answer,
      results,
      again.id === id,
      again.answer,
      await client.call(...request),
      await client.state("testObject"),
    ];
  };

/** What is known of invocations, and the same requests again, which need no help. */
async function afterwards(
  client: TestClient,
  sent: { id: string }[],
  again: (() => Promise<{ id: string; answer: Answer }>)[],
): Promise<unknown[]> {
  await client.quiet();
  const seen: unknown[] = [];
  for (const [i, { id }] of sent.entries()) {
    seen.push(await client.output(id), await client.attach(id));
    const repeated = await again[i]?.();
    if (repeated) seen.push(repeated.answer, repeated.id === id, await client.attach(repeated.id));
  }
  await client.quiet();
  return seen;
}

const key = (client: TestClient) => client.key("");

export const endedScripts: Record<string, EndedScript> = {
  state: { script: once("testObject//add", () => 2), targets: ["testObject/add"], variants: ["", "Lazy"] },
  "state of every kind": { script: once("testObject//peek"), targets: ["testObject/peek"], variants: ["Lazy"] },
  "effects between state and sleep": {
    script: once("testObject//effects", key),
    targets: ["testObject/effects"],
    variants: ["", "Suspending"],
  },
  "a step that backs off": {
    script: once("testService/backOff", key),
    targets: ["testService/backOff"],
    variants: ["", "Suspending"],
  },
  "an awakeable": {
    script: once("testObject//wait", undefined, resolveAwakeable),
    targets: ["testObject/wait"],
    variants: ["", "Suspending"],
  },
  "an awakeable that times out": { script: once("testService/timeOut"), targets: ["testService/timeOut"] },
  "a race": { script: once("testService/race"), targets: ["testService/race"] },
  "calls of services, settled": {
    script: once("testService/settleAll"),
    targets: ["testService/settleAll", "testService/fail"],
  },
  "calls of objects": {
    script: once("testService/addAll", (client) => [client.key("1"), client.key("2"), client.key("1")]),
    targets: ["testService/addAll", "testObject/add"],
  },
  "several awaits at once": {
    script: once("testService/interleave", key),
    targets: ["testService/interleave", "testObject/add"],
  },
  "a parent waits for a child": {
    script: once("testService/waitForChild", key, resolveAwakeable),
    targets: ["testService/waitForChild", "testObject/waitOrUndo"],
    variants: ["", "Suspending"],
  },
  "a parent cancels its child": {
    script: once("testService/cancelChild", key),
    targets: ["testService/cancelChild", "testObject/wait"],
  },
  "a cancellation that the handler listens for": {
    script: once("testService/explicit", key, resolveAwakeable),
    targets: ["testService/explicit", "testObject/wait"],
  },
  "call, send, delayed send": {
    script: once("testService/callAndSend", (client) => ({ key: client.key(""), amount: 7 })),
    targets: ["testService/callAndSend", "testObject/add"],
  },
  "an error after a send": { script: once("testService/sendAndFail", key), targets: ["testService/sendAndFail"] },
  "attach to what was sent": { script: once("testService/sendAndAttach", key), targets: ["testService/sendAndAttach"] },
  "cancelled already, and compensating": {
    script: once("testObject//undoInSteps", undefined, cancelAtAwakeable),
    targets: ["testObject/undoInSteps", "testObject/add"],
  },
  "one that holds the key, one that waits for it, one that is scheduled": {
    script: async (client) => {
      const requests = [
        () => client.send("testObject//hold", 15, { once: "held" }),
        () => client.send("testObject//add", 1, { once: "waiting" }),
        () => client.send("testObject//add", 10, { once: "due", delay: 50 }),
      ];
      const sent = [await requests[0]!(), await requests[1]!(), await requests[2]!()];
      const results = await Promise.all(sent.map(({ id }) => client.attach(id)));
      const later = await afterwards(client, sent, requests);
      return [sent.map(({ answer }) => answer), results, later, await client.state("testObject")];
    },
    targets: ["testObject/hold"],
    others: ["waiting", "due"],
  },
  "a signal": {
    script: async (client) => {
      const listens = await client.send("testObject//listen", undefined, { once: "listens" });
      const ring = (once: string) => client.send("testService/ring", { id: listens.id, value: "ding" }, { once });
      const rings = await ring("rings");
      const rung = await client.attach(rings.id);
      await ring("rings again");
      const heard = await client.attach(listens.id);
      const again = [() => client.send("testObject//listen", undefined, { once: "listens" }), () => ring("rings")];
      return [rung, heard, await afterwards(client, [listens, rings], again), await client.state("testObject")];
    },
    targets: ["testObject/listen", "testService/ring"],
  },
  "a workflow and its promise": {
    script: async (client) => {
      const run = () => client.send("testWorkflow//run", "x", { isSafe: true });
      const follow = () => client.send("testWorkflow//follow", undefined, { once: "follow" });
      const approve = () => client.send("testWorkflow//approve", "go", { once: "approve" });
      const runs = await run();
      await client.untilOver(runs.id, async () => (await client.state("testWorkflow")).seen === "x");
      const sent = [runs, await follow(), await approve()];
      const approved = await client.attach(sent[2]!.id);
      const looked = await client.call("testWorkflow//look", undefined, { once: "look" });
      // for those who wait, when the approval was ended before it was given
      const approvedAgain = await client.call("testWorkflow//approve", "again", { once: "approve again" });
      const results = [await client.attach(sent[0]!.id), await client.attach(sent[1]!.id)];
      const later = await afterwards(client, sent, [run, follow, approve]);
      const refused = await client.call("testWorkflow//run", "y");
      const seen = [
        await client.workflow("", "attach"),
        await client.workflow("", "output"),
        await client.state("testWorkflow"),
      ];
      return [approved, looked, approvedAgain, results, later, refused, seen];
    },
    targets: ["testWorkflow/run", "testWorkflow/follow", "testWorkflow/approve", "testWorkflow/look"],
    variants: ["", "Suspending"],
  },
  "without an idempotency key": {
    script: async (client) => {
      const waits = await client.send("testObject//waitOrUndo");
      await resolveAwakeable(client, waits.id);
      const result = await client.attach(waits.id);
      return [result, await afterwards(client, [waits], []), await client.state("testObject")];
    },
    targets: ["testObject/waitOrUndo"],
  },
};
