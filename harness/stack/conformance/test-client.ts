import { OPERATION_HEADER } from "../headers.ts";
import type { ClientAnswer, ClientRequest, Injection, InvocationStatus, Stack } from "../stack.ts";

/** How an invocation is ended through the admin API. */
export type Ending = "cancel" | "kill";

/** An answer: its status and its content. */
export type Answer = [status: number, body: unknown];

interface Extra {
  /** the idempotency key */
  once?: string;
  headers?: Record<string, string>;
  /** it may be made again when its connection breaks; a request with an idempotency key always may */
  isSafe?: boolean;
}

/**
 * A client of one variant of the test services, on any stack. All its keys begin with its name, so that many clients can
 * be served at the same time.
 */
export class TestClient {
  readonly name: string;
  readonly #stack: Stack;
  readonly #variant: string;
  readonly #meetsRestarts: boolean;
  /** ids of what was sent with an idempotency key, and who waits for them */
  readonly #sent = new Map<string, PromiseWithResolvers<string>>();
  readonly #ids = new Set<string>();

  /**
   * @param variant what is added to the names of the services
   * @param name unique among the clients of a stack
   * @param meetsRestarts asks again when a server that has just started does not know its services yet
   */
  constructor(stack: Stack, variant: string, name: string, meetsRestarts: boolean) {
    this.#stack = stack;
    this.#variant = variant;
    this.name = name;
    this.#meetsRestarts = meetsRestarts;
  }

  /** True where time is virtual. */
  get isVirtual(): boolean {
    return this.#stack.capabilities.has("virtual-time");
  }

  /** Calls "service/handler", or "object/key/handler" with a key that is made the client's own. */
  async call(target: string, body?: unknown, extra: Extra = {}): Promise<Answer> {
    return answerOf(await this.#post(this.#path(target), body, extra));
  }

  /** Sends; the id of the invocation, and the answer without what is never the same. */
  async send(
    target: string,
    body?: unknown,
    extra: Extra & { delay?: number } = {},
  ): Promise<{ id: string; answer: Answer }> {
    const delay = extra.delay === undefined ? "" : `?delay=${extra.delay}ms`;
    const answer = await this.#post(`${this.#path(target)}/send${delay}`, body, extra);
    const { invocationId, status } = JSON.parse(answer.body) as { invocationId: string; status: string };
    this.#ids.add(invocationId);
    if (extra.once !== undefined) this.#sentWith(extra.once).resolve(invocationId);
    return { id: invocationId, answer: [answer.status, status] };
  }
  /** The id of the invocation that was sent, or will be, with an idempotency key. */
  sent(once: string): Promise<string> {
    return this.#sentWith(once).promise;
  }
  #sentWith(once: string): PromiseWithResolvers<string> {
    const known = this.#sent.get(once) ?? Promise.withResolvers<string>();
    this.#sent.set(once, known);
    return known;
  }

  async attach(id: string): Promise<Answer> {
    return answerOf(await this.#get(`/restate/invocation/${id}/attach`));
  }
  async output(id: string): Promise<Answer> {
    return answerOf(await this.#get(`/restate/invocation/${id}/output`));
  }
  /** Attaches to the invocation, or asks for its output, that was made with an idempotency key; it is escaped as in any path. */
  async named(target: string, once: string, verb: "attach" | "output"): Promise<Answer> {
    const key = encodeURIComponent(this.key(once));
    return answerOf(await this.#get(`/restate/invocation${this.#path(target)}/${key}/${verb}`));
  }
  async workflow(key: string, verb: "attach" | "output"): Promise<Answer> {
    return answerOf(await this.#get(`/restate/workflow/testWorkflow${this.#variant}/${this.key(key)}/${verb}`));
  }

  async resolve(awakeable: string, value: unknown): Promise<number> {
    return (await this.#post(`/restate/awakeables/${awakeable}/resolve`, value, {})).status;
  }
  async reject(awakeable: string, reason: string): Promise<number> {
    const headers = { "content-type": "text/plain" };
    const path = `/restate/awakeables/${awakeable}/reject`;
    return (await this.#ask("ingress", { method: "POST", path, headers, body: reason })).status;
  }

  cancel(id: string): Promise<number> {
    return this.end("cancel", id);
  }
  kill(id: string): Promise<number> {
    return this.end("kill", id);
  }
  end(how: Ending, id: string): Promise<number> {
    return this.#admin(id, how);
  }
  purge(id: string): Promise<number> {
    return this.#admin(id, "purge");
  }

  /** The state of all that has a key of the client's, as text. */
  async allState(): Promise<Record<string, Record<string, string>>> {
    return this.#again(() => this.#stack.probe.state(this.name), true);
  }

  /** The state of an object, values parsed. */
  async state(object: "testObject" | "testWorkflow", key = ""): Promise<Record<string, unknown>> {
    const all = await this.allState();
    const texts = all[`${object}${this.#variant}/${this.key(key)}`] ?? {};
    const parsed = Object.entries(texts).map(([name, text]) => [name, text === "" ? "" : JSON.parse(text)] as const);
    return Object.fromEntries(parsed.sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** Waits until something is so. @throws when it never is */
  async until<T>(what: string, look: () => Promise<T | undefined | false>): Promise<T> {
    for (let i = 0; i < 300; i++) {
      const seen = await look();
      if (seen !== undefined && seen !== false) return seen;
      await this.sleep(10);
    }
    throw new Error(`waited in vain until ${what}`);
  }

  /** Waits until something is so, or an invocation is over: then the answer may be nothing. */
  async untilOver<T>(id: string, look: () => Promise<T | undefined | false>): Promise<T | undefined> {
    const end = Symbol();
    const seen = await this.until<T | typeof end>("something is so, or an invocation is over", async () => {
      const isOver = (await this.output(id))[0] !== NOT_YET;
      return (await look()) || (isOver && end);
    });
    return seen === end ? undefined : seen;
  }

  /** True when the last attempt of an invocation has failed, and there will be another one. */
  async isFailing(id: string): Promise<boolean> {
    const unfinished = await this.#again(() => this.#stack.probe.unfinished(), true);
    return unfinished.some((one) => one.id === id && one.failure !== undefined);
  }

  /**
   * What the client has made and is not over yet.
   * @param known ids of other invocations that are its own
   */
  async unfinished(known: ReadonlySet<string> = new Set()): Promise<InvocationStatus[]> {
    const all = await this.#again(() => this.#stack.probe.unfinished(), true);
    return all.filter(
      ({ id, key, idempotencyKey }) =>
        this.#ids.has(id) || known.has(id) || key?.startsWith(this.name) || idempotencyKey?.startsWith(this.name),
    );
  }

  /** Waits until nothing of the client's runs, nor will. */
  async quiet(): Promise<void> {
    // what has just been sent may be on its way
    for (let i = 0; i < 2; i++)
      await this.until("all is quiet", async () => {
        return (await this.unfinished()).length === 0;
      });
  }

  /** The id of the awakeable that the object with the key waits for. */
  async awakeable(key = ""): Promise<string> {
    return this.until(
      "there is an awakeable",
      async () => (await this.state("testObject", key)).awakeable as string | undefined,
    );
  }

  sleep(milliseconds: number): Promise<void> {
    return this.#stack.clock.sleep(milliseconds);
  }

  key(key: string): string {
    return this.name + key;
  }

  /** Through the front app. */
  async app(path: string, body: string): Promise<Answer> {
    const headers = { [OPERATION_HEADER]: this.name };
    return answerOf(await this.#stack.fetch({ app: "conformance" }, { method: "POST", path, headers, body }));
  }

  inject(injection: Injection) {
    return this.#stack.inject(injection);
  }

  #path(target: string): string {
    const [service, ...rest] = target.split("/");
    const segments = rest.length === 2 ? [this.key(rest[0]!), rest[1]!] : rest;
    return `/${[service + this.#variant, ...segments].join("/")}`;
  }

  #post(
    path: string,
    body: unknown,
    { once, headers = {}, isSafe = once !== undefined }: Extra,
  ): Promise<ClientAnswer> {
    const request = {
      method: "POST",
      path,
      headers: {
        ...(body !== undefined && { "content-type": "application/json" }),
        ...(once !== undefined && { "idempotency-key": this.key(once) }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    };
    return this.#ask("ingress", request, isSafe);
  }

  #get(path: string): Promise<ClientAnswer> {
    return this.#ask("ingress", { method: "GET", path, headers: {} }, true);
  }

  async #admin(id: string, verb: string): Promise<number> {
    return (await this.#ask("admin", { method: "PATCH", path: `/invocations/${id}/${verb}`, headers: {} })).status;
  }

  async #ask(to: "ingress" | "admin", request: ClientRequest, isSafe = false): Promise<ClientAnswer> {
    const headers = { ...request.headers, [OPERATION_HEADER]: this.name };
    for (;;) {
      const answer = await this.#again(() => this.#stack.fetch(to, { ...request, headers }), isSafe);
      const isNotReady = answer.status === 404 && answer.body.includes("make sure to register the service");
      if (!isNotReady || !this.#meetsRestarts) return answer;
      await this.sleep(10);
    }
  }

  /** Asks again for as long as the server is not there; when a connection breaks, only if that is safe. */
  async #again<T>(ask: () => Promise<T>, isSafe: boolean): Promise<T> {
    for (;;) {
      try {
        return await ask();
      } catch (error) {
        if (!isSafe && !`${error} ${(error as Error).cause}`.includes("ECONNREFUSED"))
          throw new Error("connection lost");
        await this.sleep(10);
      }
    }
  }
}

/** the status of an output that is not there yet */
const NOT_YET = 470;

function answerOf({ status, body }: ClientAnswer): Answer {
  if (body === "") return [status, ""];
  try {
    return [status, JSON.parse(body)];
  } catch {
    return [status, body];
  }
}
