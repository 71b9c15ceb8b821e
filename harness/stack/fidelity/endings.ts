import type { Answer, Guest } from "./guest.ts";
import type { Script } from "./scripts.ts";

/**
 * What is ended, cancelled or killed, at every message of the targets' attempts. The scripts come to an end wherever
 * that strikes, and ask then for all that is remembered: results, the answers to the same requests once more, state.
 */
export interface Doomed {
  script: Script;
  targets: string[];
  /** also ended at the messages of the targets: those that the requests with these idempotency keys have made */
  others?: string[];
  /** what is added to the names of services: where it is performed */
  kitchens?: string[];
}

/** What others do for an invocation, so that it comes to an end by itself. */
type Help = (guest: Guest, invocation: string) => Promise<unknown>;

const resolveAwakeable: Help = async (guest, invocation) => {
  const awakeable = await awakeableOf(guest, invocation);
  return awakeable && guest.resolve(awakeable, { v: 1 });
};
const cancelAtAwakeable: Help = async (guest, invocation) =>
  (await awakeableOf(guest, invocation)) && guest.cancel(invocation);

const awakeableOf = (guest: Guest, invocation: string): Promise<string | undefined> =>
  guest.untilOver(invocation, async () => (await guest.state("cupboard")).awakeable as string | undefined);

/** A request, with a client that waits for its answer, and the same request once more. */
const once =
  (target: string, body?: (guest: Guest) => unknown, help?: Help): Script =>
  async (guest) => {
    const request = [target, body?.(guest), { once: "once" }] as const;
    const { id, answer } = await guest.send(...request);
    const waits = guest.call(...request);
    await help?.(guest, id);
    const results = [await waits, await guest.attach(id)];
    await guest.quiet();
    results.push(await guest.output(id), await guest.attach(id));
    const again = await guest.send(...request);
    // then nobody may help it any more
    if (again.answer[1] === "Accepted") return [answer, results, "it runs again"];
    return [
      answer,
      results,
      again.id === id,
      again.answer,
      await guest.call(...request),
      await guest.state("cupboard"),
    ];
  };

/** What is known of invocations, and the same requests again, which need no help. */
async function afterwards(
  guest: Guest,
  sent: { id: string }[],
  again: (() => Promise<{ id: string; answer: Answer }>)[],
): Promise<unknown[]> {
  await guest.quiet();
  const seen: unknown[] = [];
  for (const [i, { id }] of sent.entries()) {
    seen.push(await guest.output(id), await guest.attach(id));
    const repeated = await again[i]?.();
    if (repeated) seen.push(repeated.answer, repeated.id === id, await guest.attach(repeated.id));
  }
  await guest.quiet();
  return seen;
}

const key = (guest: Guest) => guest.key("");

export const doomed: Record<string, Doomed> = {
  state: { script: once("cupboard//add", () => 2), targets: ["cupboard/add"], kitchens: ["", "Lazy"] },
  "state of every kind": { script: once("cupboard//peek"), targets: ["cupboard/peek"], kitchens: ["Lazy"] },
  "effects between state and sleep": {
    script: once("cupboard//effects", key),
    targets: ["cupboard/effects"],
    kitchens: ["", "Suspending"],
  },
  "a step that backs off": {
    script: once("cook/backOff", key),
    targets: ["cook/backOff"],
    kitchens: ["", "Suspending"],
  },
  "an awakeable": {
    script: once("cupboard//wait", undefined, resolveAwakeable),
    targets: ["cupboard/wait"],
    kitchens: ["", "Suspending"],
  },
  "an awakeable that times out": { script: once("cook/timeOut"), targets: ["cook/timeOut"] },
  "a race": { script: once("cook/race"), targets: ["cook/race"] },
  "calls of services, settled": { script: once("cook/settleAll"), targets: ["cook/settleAll", "cook/fail"] },
  "calls of objects": {
    script: once("cook/addAll", (guest) => [guest.key("1"), guest.key("2"), guest.key("1")]),
    targets: ["cook/addAll", "cupboard/add"],
  },
  "several awaits at once": { script: once("cook/interleave", key), targets: ["cook/interleave", "cupboard/add"] },
  "a parent waits for a child": {
    script: once("cook/waitForChild", key, resolveAwakeable),
    targets: ["cook/waitForChild", "cupboard/waitOrUndo"],
    kitchens: ["", "Suspending"],
  },
  "a parent cancels its child": {
    script: once("cook/cancelChild", key),
    targets: ["cook/cancelChild", "cupboard/wait"],
  },
  "a cancellation that the handler listens for": {
    script: once("cook/explicit", key, resolveAwakeable),
    targets: ["cook/explicit", "cupboard/wait"],
  },
  "call, send, delayed send": {
    script: once("cook/callAndSend", (guest) => ({ key: guest.key(""), amount: 7 })),
    targets: ["cook/callAndSend", "cupboard/add"],
  },
  "an error after a send": { script: once("cook/sendAndFail", key), targets: ["cook/sendAndFail"] },
  "attach to what was sent": { script: once("cook/sendAndAttach", key), targets: ["cook/sendAndAttach"] },
  "cancelled already, and compensating": {
    script: once("cupboard//undoInSteps", undefined, cancelAtAwakeable),
    targets: ["cupboard/undoInSteps", "cupboard/add"],
  },
  "one that holds the key, one that waits for it, one that is scheduled": {
    script: async (guest) => {
      const requests = [
        () => guest.send("cupboard//hold", 15, { once: "held" }),
        () => guest.send("cupboard//add", 1, { once: "waiting" }),
        () => guest.send("cupboard//add", 10, { once: "due", delay: 50 }),
      ];
      const sent = [await requests[0]!(), await requests[1]!(), await requests[2]!()];
      const results = await Promise.all(sent.map(({ id }) => guest.attach(id)));
      const later = await afterwards(guest, sent, requests);
      return [sent.map(({ answer }) => answer), results, later, await guest.state("cupboard")];
    },
    targets: ["cupboard/hold"],
    others: ["waiting", "due"],
  },
  "a signal": {
    script: async (guest) => {
      const listens = await guest.send("cupboard//listen", undefined, { once: "listens" });
      const ring = (once: string) => guest.send("cook/ring", { id: listens.id, value: "ding" }, { once });
      const rings = await ring("rings");
      const rung = await guest.attach(rings.id);
      await ring("rings again");
      const heard = await guest.attach(listens.id);
      const again = [() => guest.send("cupboard//listen", undefined, { once: "listens" }), () => ring("rings")];
      return [rung, heard, await afterwards(guest, [listens, rings], again), await guest.state("cupboard")];
    },
    targets: ["cupboard/listen", "cook/ring"],
  },
  "a workflow and its promise": {
    script: async (guest) => {
      const run = () => guest.send("recipe//run", "x", { isSafe: true });
      const follow = () => guest.send("recipe//follow", undefined, { once: "follow" });
      const approve = () => guest.send("recipe//approve", "go", { once: "approve" });
      const runs = await run();
      await guest.untilOver(runs.id, async () => (await guest.state("recipe")).seen === "x");
      const sent = [runs, await follow(), await approve()];
      const approved = await guest.attach(sent[2]!.id);
      const looked = await guest.call("recipe//look", undefined, { once: "look" });
      // for those who wait, when the approval was ended before it was given
      const approvedAgain = await guest.call("recipe//approve", "again", { once: "approve again" });
      const results = [await guest.attach(sent[0]!.id), await guest.attach(sent[1]!.id)];
      const later = await afterwards(guest, sent, [run, follow, approve]);
      const refused = await guest.call("recipe//run", "y");
      const seen = [
        await guest.workflow("", "attach"),
        await guest.workflow("", "output"),
        await guest.state("recipe"),
      ];
      return [approved, looked, approvedAgain, results, later, refused, seen];
    },
    targets: ["recipe/run", "recipe/follow", "recipe/approve", "recipe/look"],
    kitchens: ["", "Suspending"],
  },
  "without an idempotency key": {
    script: async (guest) => {
      const waits = await guest.send("cupboard//waitOrUndo");
      await resolveAwakeable(guest, waits.id);
      const result = await guest.attach(waits.id);
      return [result, await afterwards(guest, [waits], []), await guest.state("cupboard")];
    },
    targets: ["cupboard/waitOrUndo"],
  },
};
