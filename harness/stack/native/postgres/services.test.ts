/** The services of src/database on a real Restate and a real PostgreSQL. */
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { schema } from "../../../../src/database/schema.ts";
import { type LedgerEntry, World } from "../../../world/index.ts";
import { makeBundle } from "../../bundle.ts";
import type { ExternalAnswer, Gate } from "../../stack.ts";
import { NativeStack } from "../native-stack.ts";
import { cutAround, Postgres, type PostgresMessage } from "./index.ts";

let stack: NativeStack;
let postgres: Postgres;
let url: string;
const world = new World();
/** What the services have asked of the world since the test began, and what came of it. */
let asked: string[] = [];
let ledger: LedgerEntry[] = [];
/** Decides about what an attempt has just said. */
let afterMessage: Gate["after"] = () => undefined;
/** What becomes of an answer on its way back. */
let passAnswer: (answer: ExternalAnswer) => ExternalAnswer | "lost" = (answer) => answer;

const gate: Gate = {
  opened: () => {},
  before: () => undefined,
  after: (attempt, message) => afterMessage(attempt, message),
  closed: () => {},
  external: async (request) => {
    asked.push(`${request.method} ${request.path}`);
    const { answer, entries } = world.handle(request, 0);
    ledger.push(...entries);
    return passAnswer(answer);
  },
};

beforeAll(async () => {
  stack = await NativeStack.start();
  postgres = await Postgres.start({ processes: stack.processes });
  url = await postgres.createDatabase(schema);
  stack.guard(gate);
  await load({ DATABASE_TIMEOUT: "500" });
});
afterEach(() => {
  postgres.onMessage(() => undefined);
  afterMessage = () => undefined;
  passAnswer = (answer) => answer;
  asked = [];
  ledger = [];
});
afterAll(async () => {
  await postgres?.close();
  await stack?.close();
});

async function load(settings: Record<string, string>): Promise<void> {
  const module = path.join(import.meta.dirname, "services.fixture.ts");
  const environment = {
    DATABASE_URL: url,
    EXTERNAL_RETRY_INTERVAL: "10",
    EXTERNAL_RETRY_MAX_INTERVAL: "50",
    SWEEP_INTERVAL: "200",
    LONGEST_FREEZE: "1500",
    ...settings,
  };
  await stack.load(
    await makeBundle({ module }, { patterns: ["database"], environment, external: { MAIL_URL: "/mail" } }),
  );
}

async function call(target: string, input?: unknown): Promise<{ status: number; answer: unknown; id: string }> {
  const { status, body, headers } = await stack.fetch("ingress", {
    method: "POST",
    path: `/${target}`,
    headers: input === undefined ? {} : { "content-type": "application/json" },
    ...(input !== undefined && { body: JSON.stringify(input) }),
  });
  const answer: unknown = status === 200 && body !== "" ? JSON.parse(body) : body;
  return { status, answer, id: headers["x-restate-id"] ?? "" };
}

let users = 0;
/** A user of its own for a test, with some credits. */
async function newUser(credits = 100): Promise<string> {
  const userId = `user${++users}`;
  const user = { userId, name: "Eve", address: "eve@example.com", credits };
  expect(await call("simple/insert", user)).toMatchObject({ status: 200 });
  return userId;
}
async function creditsOf(userId: string): Promise<number> {
  const [row] = await postgres.query<{ credits: string }>("select credits from users where userid = $1", [userId], url);
  return Number(row?.credits);
}
/** Settles when nothing is under way any more but what is due later: tokens that expire tomorrow. */
async function quiet(): Promise<void> {
  for (let waited = 0; waited < 20_000; waited += 20) {
    const open = await stack.probe.unfinished();
    if (open.every(({ handler }) => handler === "expireIdempotencyKey")) return;
    await sleep(20);
  }
  throw new Error(`still under way: ${JSON.stringify(await stack.probe.unfinished())}`);
}

const writers = {
  "keyed.updateConditional": (userId: string) => call(`keyed/${userId}/updateConditional`, 5),
  "idempotency.update": (userId: string) => call("idempotency/update", { userId, addCredits: 5 }),
  "twoPhaseCommit.update": (userId: string) => call("twoPhaseCommit/update", { userId, addCredits: 5 }),
};
const everyWriter = Object.entries(writers);
/** The statement after which the credits are there. */
const isDecisive = ({ statement = "" }: PostgresMessage): boolean =>
  /^(commit|update users set credits.* and version = )/.test(statement);

test("a user is inserted once, read, and named anew", async () => {
  const userId = "Ünï/ %41 ' $1";
  const user = { userId, name: "Ann", address: "a's street", credits: 7 };
  await call("simple/insert", user);
  await call("simple/insert", { ...user, name: "another" });
  expect((await call("simple/read", userId)).answer).toEqual({ ...user, version: 0 });
  await call("simple/update", { userId, newName: "Anna" });
  const renamed = { ...user, name: "Anna", version: 1 };
  expect((await call("simple/durableRead", userId)).answer).toEqual(renamed);
  expect((await call(`keyed/${encodeURIComponent(userId)}/read`)).answer).toEqual(renamed);
  expect(asked).toEqual([]);
});

test("there are A and B to begin with", async () => {
  expect((await call("keyed/A/read")).answer).toMatchObject({ userId: "A", credits: 1000 });
  expect((await call("keyed/B/read")).answer).toMatchObject({ userId: "B", credits: 1000 });
});

test("an answer of 0 credits comes with one alert, whose key is kept when it is asked for again", async () => {
  const userId = await newUser(0);
  const instead: (ExternalAnswer | "lost")[] = ["lost", { status: 503, body: "later" }];
  passAnswer = (answer) => instead.shift() ?? answer;
  expect((await call("simple/durableRead", userId)).answer).toMatchObject({ credits: 0 });
  expect(asked.length).toBe(3);
  expect(new Set(asked).size).toBe(1);
  const changes = ledger.filter(({ type }) => type === "effect");
  expect(changes).toMatchObject([{ reference: userId, data: { state: "sent", to: "eve@example.com" } }]);
});

test.each<[string, unknown, string]>([
  ["simple/read", "", "userId"],
  ["simple/read", 5, "userId"],
  ["simple/durableRead", "a\0b", "userId"],
  ["simple/insert", { userId: "\ud800", name: "", address: "", credits: 0 }, "userId"],
  ["simple/insert", { userId: "x", address: "", credits: 0 }, "name"],
  ["simple/insert", { userId: "x", name: "", address: 5, credits: 0 }, "address"],
  ["simple/insert", { userId: "x", name: "", address: "", credits: -1 }, "credits"],
  ["simple/insert", { userId: "x", name: "", address: "", credits: 0.5 }, "credits"],
  ["simple/update", { userId: "A" }, "newName"],
  ["keyed/A/update", 0, "credits"],
  ["keyed/A/update", "5", "credits"],
  ["keyed/A/updateConditional", 1e13, "credits"],
  ["keyed/a%00b/update", 5, "userId"],
  ["idempotency/update", { userId: "A", addCredits: -5 }, "addCredits"],
  ["idempotency/update", { addCredits: 5 }, "userId"],
  ["idempotency/expireIdempotencyKey", "", "key"],
  ["twoPhaseCommit/update", { userId: "A", addCredits: "5" }, "addCredits"],
  ["twoPhaseSweeper/sweep", { update: "%", invocationId: "inv_1" }, "update"],
])("%s refuses %j with 400, and names %s", async (target, input, field) => {
  const { status, answer } = await call(target, input);
  expect([status, answer]).toEqual([400, expect.stringContaining(field)]);
  expect(await creditsOf("A")).toBe(1000);
});

test.each<[string, unknown?]>([
  ["simple/read", "nobody"],
  ["simple/durableRead", "nobody"],
  ["simple/update", { userId: "nobody", newName: "x" }],
  ["keyed/nobody/read"],
  ["keyed/nobody/update", 5],
  ["keyed/nobody/updateConditional", 5],
  ["idempotency/update", { userId: "nobody", addCredits: 5 }],
  ["twoPhaseCommit/update", { userId: "nobody", addCredits: 5 }],
])("%s answers 404 for a user that does not exist", async (target, input) => {
  expect(await call(target, input)).toMatchObject({ status: 404 });
});

describe.each(everyWriter)("%s adds credits once", (_, update) => {
  test("when nothing fails", async () => {
    const userId = await newUser();
    expect(await update(userId)).toMatchObject({ status: 200 });
    expect(await creditsOf(userId)).toBe(105);
  });

  test.each(["before", "after"] as const)("when the connection is cut %s the decisive statement", async (when) => {
    const userId = await newUser();
    let cuts = 0;
    const cut = cutAround(when, isDecisive);
    postgres.onMessage((message) => {
      const verdict = cut(message);
      if (verdict === "cut") cuts++;
      return verdict;
    });
    expect(await update(userId)).toMatchObject({ status: 200 });
    expect([await creditsOf(userId), cuts]).toEqual([105, 1]);
  });

  test("when the service dies between that and its note of it", async () => {
    const userId = await newUser();
    let kills = 0;
    postgres.onMessage((message) => {
      if (kills > 0 || message.name !== "CommandComplete" || !isDecisive(message)) return undefined;
      kills++;
      return stack.inject({ kind: "kill-endpoint" }).then(() => undefined);
    });
    expect(await update(userId)).toMatchObject({ status: 200 });
    expect([await creditsOf(userId), kills]).toEqual([105, 1]);
  });

  test("when PostgreSQL dies there, and comes back", async () => {
    const userId = await newUser();
    let killing: Promise<void> | undefined;
    postgres.onMessage((message) => {
      if (killing || message.name !== "CommandComplete" || !isDecisive(message)) return undefined;
      killing = postgres.kill().then(() => postgres.restart());
      return "cut";
    });
    expect(await update(userId)).toMatchObject({ status: 200 });
    await killing;
    expect(await creditsOf(userId)).toBe(105);
  });

  test("when PostgreSQL is frozen for longer than anybody waits", async () => {
    const userId = await newUser();
    const updated = update(userId);
    await postgres.freeze();
    await sleep(900);
    await postgres.thaw();
    expect(await updated).toMatchObject({ status: 200 });
    expect(await creditsOf(userId)).toBe(105);
  });

  test("ten times at once", async () => {
    const userId = await newUser();
    const updates = await Promise.all(Array.from({ length: 10 }, () => update(userId)));
    expect(updates.map(({ status }) => status)).toEqual(updates.map(() => 200));
    expect(await creditsOf(userId)).toBe(150);
  });
});

test("keyed.update adds credits twice when the service dies between the commit and its note of it", async () => {
  const userId = await newUser();
  let kills = 0;
  postgres.onMessage((message) => {
    const isUpdate = message.statement?.startsWith("update users set credits") && message.name === "CommandComplete";
    if (kills > 0 || !isUpdate) return undefined;
    kills++;
    return stack.inject({ kind: "kill-endpoint" }).then(() => undefined);
  });
  expect(await call(`keyed/${userId}/update`, 5)).toMatchObject({ status: 200 });
  expect(await creditsOf(userId)).toBe(110);
});

test("keyed.updateConditional takes a foreign write for its own duplicate", async () => {
  const userId = await newUser();
  let isWritten = false;
  postgres.onMessage(({ name, statement = "" }) => {
    if (isWritten || name !== "Bind" || !/ and version = /.test(statement)) return undefined;
    isWritten = true;
    const foreign = "update users set version = version + 1 where userid = $1";
    return postgres.query(foreign, [userId], url).then(() => undefined);
  });
  expect(await call(`keyed/${userId}/updateConditional`, 5)).toMatchObject({ status: 200 });
  expect(await creditsOf(userId)).toBe(100);
});

describe("what twoPhaseCommit leaves behind is swept", () => {
  // no attempt gives up by itself
  beforeAll(() => load({ DATABASE_TIMEOUT: "20000" }));
  const isPrepare = ({ statement = "" }: PostgresMessage): boolean => /^prepare transaction/.test(statement);

  test("when the invocation is terminated between the two phases; its row can be written again", async () => {
    const userId = await newUser();
    const prepared = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<void>();
    postgres.onMessage(({ name, statement = "" }) => {
      if (name !== "Query" || !statement.startsWith("commit prepared")) return undefined;
      prepared.resolve();
      return ended.promise.then(() => "cut" as const);
    });
    const updated = writers["twoPhaseCommit.update"](userId);
    await prepared.promise;
    expect(await postgres.preparedTransactions()).toHaveLength(1);
    const [update] = (await stack.probe.unfinished()).filter(({ service }) => service === "twoPhaseCommit");
    await stack.fetch("admin", { method: "PATCH", path: `/invocations/${update?.id}/kill`, headers: {} });
    expect(await updated).not.toMatchObject({ status: 200 });
    ended.resolve();
    expect(await writers["idempotency.update"](userId)).toMatchObject({ status: 200 });
    await quiet();
    expect([await postgres.preparedTransactions(), await creditsOf(userId)]).toEqual([[], 105]);
  });

  test("when an attempt that was given up prepares after another has committed", async () => {
    const userId = await newUser();
    const begun = Promise.withResolvers<"reset">();
    const held = Promise.withResolvers<undefined>();
    let isHeld = false;
    const prepared: string[] = [];
    postgres.onMessage(({ name, statement = "", tag }) => {
      if (tag === "PREPARE TRANSACTION") prepared.push(statement);
      if (isHeld || name !== "Query" || statement !== "begin") return undefined;
      isHeld = true;
      begun.resolve("reset");
      return held.promise;
    });
    afterMessage = ({ service, number }, { name, decode }) => {
      const isTheStep = service === "twoPhaseCommit" && number === 1 && name === "Run" && decode().name === "prepare";
      return isTheStep ? begun.promise : undefined;
    };
    expect(await writers["twoPhaseCommit.update"](userId)).toMatchObject({ status: 200 });
    expect(prepared).toHaveLength(1);
    held.resolve(undefined);
    await quiet();
    expect(prepared).toHaveLength(2);
    expect([await postgres.preparedTransactions(), await creditsOf(userId)]).toEqual([[], 105]);
  });

  test("when it was prepared by an attempt whose service died before it could say so", async () => {
    const userId = await newUser();
    let kills = 0;
    postgres.onMessage((message) => {
      if (kills > 0 || message.name !== "CommandComplete" || !isPrepare(message)) return undefined;
      kills++;
      return stack.inject({ kind: "kill-endpoint" }).then(() => undefined);
    });
    expect(await writers["twoPhaseCommit.update"](userId)).toMatchObject({ status: 200 });
    await quiet();
    expect([await postgres.preparedTransactions(), await creditsOf(userId), kills]).toEqual([[], 105, 1]);
  });

  test("and when somebody rolled back what was prepared, it is prepared again", async () => {
    const userId = await newUser();
    let isRolledBack = false;
    postgres.onMessage(({ name, statement = "" }) => {
      if (isRolledBack || name !== "Query" || !statement.startsWith("commit prepared")) return undefined;
      isRolledBack = true;
      return postgres.query(statement.replace("commit", "rollback"), [], url).then(() => undefined);
    });
    expect(await writers["twoPhaseCommit.update"](userId)).toMatchObject({ status: 200 });
    expect([isRolledBack, await creditsOf(userId)]).toEqual([true, 105]);
  });
});
