import { existsSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeBundle } from "../../bundle.ts";
import { NativeStack } from "../native-stack.ts";
import { Processes } from "../processes.ts";
import { isAlive, soon } from "../testing.ts";
import { ApacheKafka } from "./apache-kafka.ts";
import type { Storm } from "./broker.ts";
import { type Kafka, registerCluster, type StoredRecord, subscribe } from "./index.ts";
import { isMockInstalled, MockKafka } from "./mock.ts";

/** The jars, and the archive of classes, may have to be made first. */
const FIRST_TIME_MS = 10 * 60 * 1000;

let processes: Processes;
beforeAll(() => {
  processes = new Processes();
});
afterAll(() => processes?.close());

let topics = 0;
const freshTopic = async (kafka: ApacheKafka, partitions = 1): Promise<string> => {
  const topic = `topic${++topics}`;
  await kafka.topics.create(topic, partitions);
  return topic;
};
const values = (records: StoredRecord[]): string[] => records.map(({ value }) => String(value));

/** A broker for the tests of a group: to start one takes seconds. */
function withBroker(storm: Storm): () => ApacheKafka {
  let kafka: ApacheKafka;
  beforeAll(async () => {
    kafka = await ApacheKafka.start({ processes, storm, folder: storm });
  }, FIRST_TIME_MS);
  afterAll(() => kafka?.close());
  return () => kafka;
}

describe("a broker for kills", () => {
  const broker = withBroker("kills");

  test("keeps records in their order, and their bytes as they are", async () => {
    const { topics } = broker();
    const topic = await freshTopic(broker(), 2);
    expect(await topics.read(topic)).toEqual([]);
    const key = Buffer.from([0xff, 0]);
    expect(await topics.send(topic, { key, value: null, partition: 1 })).toEqual({ partition: 1, offset: 0 });
    await Promise.all(["a", "b", "c"].map((value) => topics.send(topic, { key: "k", value, partition: 0 })));
    const stored = await topics.read(topic);
    expect(values(stored)).toEqual(["a", "b", "c", "null"]);
    expect(stored[3]).toEqual({ partition: 1, offset: 0, key, value: null });
    expect(await topics.lag("nobody", topic)).toBe(4);
  });

  test("keeps what was acknowledged when it is killed, and stores nothing twice", { timeout: 180_000 }, async () => {
    const kafka = broker();
    const topic = await freshTopic(kafka);
    const sent = Array.from({ length: 60 }, (_, index) => String(index));
    let acknowledged = 0;
    const sending = Promise.all(
      sent.map((value) => kafka.topics.send(topic, { key: "k", value }).then(() => acknowledged++)),
    );
    await soon(() => acknowledged >= 30, 60_000);
    const { pid } = kafka;
    await kafka.kill();
    expect(pid !== undefined && isAlive(pid)).toBe(false);
    expect(kafka.pid).toBeUndefined();
    await kafka.restart();
    await sending;
    expect(values(await kafka.topics.read(topic))).toEqual(sent);
  });

  test("survives that its connections are cut, and a black hole", async () => {
    const kafka = broker();
    const topic = await freshTopic(kafka);
    await kafka.topics.send(topic, { key: "k", value: "a" });
    kafka.cut();
    await kafka.topics.send(topic, { key: "k", value: "b" });
    kafka.blackHole();
    let isStored = false;
    const sent = kafka.topics.send(topic, { key: "k", value: "c" }).then(() => {
      isStored = true;
    });
    await sleep(200);
    expect(isStored).toBe(false);
    kafka.restoreNetwork();
    await sent;
    expect(values(await kafka.topics.read(topic))).toEqual(["a", "b", "c"]);
  });

  test("lets Restate pass on every record once and in order, although both are killed", {
    timeout: 180_000,
  }, async () => {
    const kafka = broker();
    const stack = await NativeStack.start();
    try {
      const module = path.join(import.meta.dirname, "feed.fixture.ts");
      await stack.load(await makeBundle({ module }, { patterns: ["feed"], environment: {}, external: {} }));
      const ask = (request: Parameters<typeof stack.fetch>[1]) => stack.fetch("admin", request);
      const topic = await freshTopic(kafka);
      await registerCluster(ask, "my-cluster", kafka);
      const { group } = await subscribe(ask, { cluster: "my-cluster", topic, service: "list", handler: "add" });
      const send = async (from: number, to: number): Promise<void> => {
        for (let item = from; item < to; item++) await kafka.topics.send(topic, { key: "k", value: String(item) });
      };
      const items = async (): Promise<unknown> => {
        const request = { method: "POST", path: "/list/k/items", headers: {} };
        return stack.fetch("ingress", request).then(({ body }) => JSON.parse(body));
      };
      const until = async (count: number): Promise<void> => {
        const all = Array.from({ length: count }, (_, index) => index);
        await expect.poll(items, { timeout: 40_000, interval: 50 }).toEqual(all);
      };
      await send(0, 10);
      await until(10);
      const sending = send(10, 60);
      await kafka.kill();
      await kafka.restart();
      await sending;
      await until(60);
      const { heal } = await stack.inject({ kind: "kill-server" });
      await send(60, 70);
      await heal();
      await until(70);
      const lag = () => kafka.topics.lag(group, topic);
      await expect.poll(lag, { timeout: 20_000, interval: 50 }).toBe(0);
    } finally {
      await stack.close();
    }
  });

  test("cannot be frozen", async () => {
    expect(broker().lacks).toEqual(["freeze"]);
    await expect(broker().freeze()).rejects.toThrow('start Kafka with storm "freezes" to freeze it');
  });
});

describe("a broker for freezes", () => {
  const broker = withBroker("freezes");

  test("stores what was sent to it while it was frozen when it is thawed, once", async () => {
    const kafka = broker();
    const topic = await freshTopic(kafka);
    await kafka.topics.send(topic, { key: "k", value: "a" });
    await kafka.freeze();
    let isStored = false;
    const sent = kafka.topics.send(topic, { key: "k", value: "b" }).then(() => {
      isStored = true;
    });
    // longer than the client waits for an answer
    await sleep(1_500);
    expect(isStored).toBe(false);
    await kafka.thaw();
    await sent;
    expect(values(await kafka.topics.read(topic))).toEqual(["a", "b"]);
  });

  test("cannot be killed", async () => {
    expect(broker().lacks).toEqual(["kill"]);
    await expect(broker().kill()).rejects.toThrow('start Kafka with storm "kills" to kill it');
  });

  test("closed, leaves no process and no folder, twice", async () => {
    const { pid } = broker();
    const folder = path.join(processes.folder, "freezes");
    expect([pid !== undefined && isAlive(pid), existsSync(folder)]).toEqual([true, true]);
    await broker().close();
    await broker().close();
    expect([pid !== undefined && isAlive(pid), existsSync(folder)]).toEqual([false, false]);
  });
});

describe("a mock, where there is no Java", () => {
  test("is named as such, and keeps records in their order; or says how to get one", async () => {
    if (!isMockInstalled()) {
      await expect(MockKafka.start({ processes })).rejects.toThrow("install Java 17 or newer, or the package");
      return;
    }
    const kafka: Kafka = await MockKafka.start({ processes });
    expect([kafka.kind, kafka.lacks.includes("kill"), kafka.lacks.includes("freeze")]).toEqual(["mock", true, false]);
    await expect(kafka.kill()).rejects.toThrow("install Java 17");
    await kafka.topics.create("topic");
    for (const value of ["a", "b"]) await kafka.topics.send("topic", { key: "k", value });
    await kafka.freeze();
    const sent = kafka.topics.send("topic", { key: "k", value: "c" });
    await kafka.thaw();
    await sent;
    expect(values(await kafka.topics.read("topic"))).toEqual(["a", "b", "c"]);
    await kafka.close();
  });
});
