import type { Watch } from "../recorder.ts";
import type { Script } from "../scripts.ts";
import type { TestClient } from "../test-client.ts";
import { handlerOf, type Input } from "./interpreter.ts";
import { isFeltByAll, type Program, type Request } from "./program.ts";

/**
 * How long nothing new may happen before what is not over counts as stuck, in milliseconds. A real machine may be busy;
 * the model is not, and what fails again and again costs time there.
 */
const STUCK = { real: 1_000, virtual: 400 };
/** a process starts anew in this time, on a busy machine */
const RESTART = 2_000;
const POLL = 10;
/** how many invocations a program can have, at most */
const MOST_KILLED = 200;

/**
 * The clients of a program: they make its requests, complete the awakeables that they are told of, and kill what comes to
 * no end by itself. What they see, and the results of all that ran, is the answer.
 */
export const scriptOf =
  (program: Program): Script =>
  async (client, watch) => {
    const answers: Promise<[string, unknown]>[] = [];
    const clients = (async () => {
      for (const request of program.requests) {
        if (request.waits) await Promise.all(answers);
        answers.push(answerTo(client, program, request).then((answer) => [request.label, answer]));
      }
      return Promise.all(answers);
    })();
    const stuck = client.isVirtual ? STUCK.virtual : STUCK.real + (isFeltByAll(program) ? RESTART : 0);
    const ended = await settle(client, watch, clients, stuck);
    const answer: ProgramAnswer = {
      answers: await clients,
      killed: ended,
      results: await resultsOf(client, watch),
      state: sorted(await client.allState()),
    };
    // as text: all of it is to be compared
    return JSON.stringify(answer);
  };

/** The results of all that was attempted. */
async function resultsOf(client: TestClient, { attempts }: Watch): Promise<[string, unknown][]> {
  const targets = new Map(attempts.map(({ invocation, target }) => [invocation, target]));
  const results = [...targets].map(
    async ([id, target]): Promise<[string, unknown]> => [target, await client.output(id)],
  );
  return (await Promise.all(results)).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** All that is seen of a program from outside. */
export interface ProgramAnswer {
  answers: [label: string, answer: unknown][];
  /** what came to no end by itself */
  killed: string[];
  results: [target: string, result: unknown][];
  state: [object: string, values: [name: string, value: string][]][];
}

/** Names in order, of the objects and of their state. */
const sorted = (state: Record<string, Record<string, string>>): [string, [string, string][]][] =>
  Object.entries(state)
    .map(([object, values]): [string, [string, string][]] => [object, Object.entries(values).sort()])
    .sort(([a], [b]) => (a < b ? -1 : 1));

/** Makes a request; all that the client is told. */
async function answerTo(client: TestClient, { variant }: Program, request: Request): Promise<unknown> {
  const { label, to, steps, once, delayMs, mode } = request;
  const { service, method, key } = handlerOf(to, variant, "");
  const target = [service.slice(0, service.length - variant.length), ...(key === undefined ? [] : [key]), method];
  const input: Input = { client: client.name, label, steps };
  const extra = once === undefined ? {} : { once };
  if (mode === "call") return client.call(target.join("/"), input, extra).catch(String);
  const delay = delayMs === undefined ? {} : { delay: delayMs };
  const sent = await client.send(target.join("/"), input, { ...extra, ...delay });
  return [sent.answer, await client.attach(sent.id)];
}

/** Waits until everything is over, and kills what is stuck. What was killed, by label. */
async function settle(client: TestClient, watch: Watch, clients: Promise<unknown>, stuck: number): Promise<string[]> {
  let isAnswered = false;
  clients.finally(() => {
    isAnswered = true;
  });
  const completed = new Set<string>();
  const killed: string[] = [];
  let quiet = 0;
  let progress = -1;
  let vain = 0;
  // twice in a row: what has just been sent may be on its way
  for (let calm = 0; calm < 2; ) {
    await completeAwakeables(client, watch, completed);
    await client.sleep(POLL);
    quiet = watch.progress === progress ? quiet + POLL : 0;
    progress = watch.progress;
    const known = new Set(watch.attempts.map(({ invocation }) => invocation));
    const unfinished = isAnswered || quiet >= stuck ? await client.unfinished(known) : undefined;
    calm = isAnswered && unfinished?.length === 0 ? calm + 1 : 0;
    if (quiet < stuck || !unfinished) continue;
    if (killed.length > MOST_KILLED || (unfinished.length === 0 && ++vain > 3))
      throw new Error(`it does not come to an end: answered ${isAnswered}, ${JSON.stringify(unfinished)}`);
    killed.push(...(await killAll(client, watch, unfinished)));
    quiet = 0;
  }
  return killed.sort();
}

/** Kills what waits first, so that it does not run when what it waits for is gone. */
async function killAll(
  client: TestClient,
  watch: Watch,
  unfinished: Awaited<ReturnType<TestClient["unfinished"]>>,
): Promise<string[]> {
  const labelOf = (id: string) => watch.attempts.find(({ invocation }) => invocation === id)?.target ?? "";
  const inOrder = unfinished.map(({ id }) => ({ id, label: labelOf(id) })).sort((a, b) => (a.label < b.label ? -1 : 1));
  for (const { id } of inOrder) await client.kill(id);
  return inOrder.map(({ label }) => label);
}

async function completeAwakeables(client: TestClient, watch: Watch, completed: Set<string>): Promise<void> {
  for (const { awakeable, rejected } of watch.published) {
    if (completed.has(awakeable)) continue;
    completed.add(awakeable);
    if (rejected) await client.reject(awakeable, "rejected by the client");
    else await client.resolve(awakeable, "by the client");
  }
}
