import { mkdirSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Kafka as Client, logLevel } from "kafkajs";
import type { ManagedProcess } from "../managed-process.ts";
import { freePort } from "../ports.ts";
import type { Processes } from "../processes.ts";
import type { Java } from "./java.ts";

/** What this part needs of the stack's processes. */
export type ProcessHost = Pick<Processes, "folder" | "spawn">;

/**
 * Whether the broker is to be killed, or frozen. A broker that was killed is let in again only when its own old session has
 * expired: that must be short. One that was frozen must find its session alive, or consumers lose it for minutes: that
 * must be long. So no broker is fit for both.
 */
export type Storm = "kills" | "freezes";
const SESSION_MS: Readonly<Record<Storm, number>> = { kills: 2_000, freezes: 60_000 };

/** Quick to start, and small. */
const JVM = ["-Xms64m", "-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto"];
const LOGGING = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn";
const NODE = 1;
const START_MS = 60_000;

export interface BrokerOptions {
  java: Java;
  classPath: string;
  storm: Storm;
  /** the address that clients are told; their own port when there is nothing in between */
  advertised?: () => string;
  /** further arguments of the virtual machine */
  jvm?: readonly string[];
}

/** One node of Apache Kafka that is broker and controller, as a process of its own. */
export class Broker {
  readonly #host: ProcessHost;
  readonly #folder: string;
  readonly #options: BrokerOptions;
  #ports = { broker: 0, controller: 0 };
  #process: ManagedProcess | undefined;

  /** @param name the name of its folder beneath the stack's */
  constructor(host: ProcessHost, name: string, options: BrokerOptions) {
    this.#host = host;
    this.#folder = path.join(host.folder, name);
    this.#options = options;
  }

  get folder(): string {
    return this.#folder;
  }
  get port(): number {
    return this.#ports.broker;
  }
  get address(): string {
    return `127.0.0.1:${this.#ports.broker}`;
  }
  get pid(): number | undefined {
    return this.#process?.alive ? this.#process.pid : undefined;
  }

  /** Starts it with no data. @throws when it does not serve within a minute */
  async create(): Promise<void> {
    this.#ports = { broker: await freePort(), controller: await freePort() };
    const data = path.join(this.#folder, "data");
    mkdirSync(data, { recursive: true });
    const identity = { version: 1, "cluster.id": "c3Rvcm1wcm9vZi1rYWZrYQ", "node.id": NODE };
    writeFileSync(path.join(data, "meta.properties"), properties(identity));
    writeFileSync(this.#settingsFile, properties(this.#settings(data)));
    await this.start();
  }

  /** Starts it on its data. @throws when it runs, and when it does not serve within a minute */
  async start(): Promise<void> {
    if (this.#process?.alive) throw new Error("Kafka runs already");
    const { java, classPath, jvm = [] } = this.#options;
    const started = await this.#host.spawn(
      java.program,
      [...JVM, LOGGING, ...jvm, "-cp", classPath, "kafka.Kafka", this.#settingsFile],
      { env: { PATH: process.env.PATH ?? "" }, name: path.basename(this.#folder) },
    );
    this.#process = started;
    if (await this.#serves()) return;
    const isLate = started.alive;
    await started.kill();
    const { how, output } = await started.ended;
    const what = isLate ? `did not serve within ${START_MS / 1000} seconds` : `ended at its start (${how})`;
    throw new Error(`Kafka ${what}: ${reasonIn(output)}`);
  }

  async kill(): Promise<void> {
    await this.#process?.kill();
  }
  async freeze(): Promise<void> {
    if (!this.#process?.alive) throw new Error("Kafka does not run, so it cannot be frozen");
    await this.#process.signal("SIGSTOP");
  }
  async thaw(): Promise<void> {
    await this.#process?.signal("SIGCONT");
  }
  /** Shuts it down in good order. */
  async stop(): Promise<void> {
    await this.#process?.signal("SIGTERM");
    await this.#process?.ended;
  }

  get #settingsFile(): string {
    return path.join(this.#folder, "server.properties");
  }

  #settings(data: string): Record<string, string | number> {
    const { storm, advertised = () => this.address } = this.#options;
    return {
      "process.roles": "broker,controller",
      "node.id": NODE,
      "controller.quorum.voters": `${NODE}@127.0.0.1:${this.#ports.controller}`,
      listeners: `PLAINTEXT://${this.address},CONTROLLER://127.0.0.1:${this.#ports.controller}`,
      "advertised.listeners": `PLAINTEXT://${advertised()}`,
      "controller.listener.names": "CONTROLLER",
      "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
      "log.dirs": data,
      "auto.create.topics.enable": "false",
      "offsets.topic.replication.factor": 1,
      "offsets.topic.num.partitions": 1,
      "transaction.state.log.replication.factor": 1,
      "transaction.state.log.min.isr": 1,
      "transaction.state.log.num.partitions": 1,
      "share.coordinator.state.topic.replication.factor": 1,
      "share.coordinator.state.topic.min.isr": 1,
      "group.initial.rebalance.delay.ms": 0,
      "group.min.session.timeout.ms": 500,
      "controller.quorum.append.linger.ms": 0,
      "broker.heartbeat.interval.ms": 50,
      "broker.session.timeout.ms": SESSION_MS[storm],
      "num.network.threads": 1,
      "num.io.threads": 2,
      "background.threads": 2,
      "log.cleaner.dedupe.buffer.size": 2 * 1024 * 1024,
    };
  }

  /** Whether the broker has joined its cluster before the time is up. */
  async #serves(): Promise<boolean> {
    const client = new Client({
      brokers: [this.address],
      logLevel: logLevel.NOTHING,
      connectionTimeout: 1_000,
      requestTimeout: 1_000,
      retry: { retries: 0 },
    });
    const process = this.#process;
    for (
      const deadline = performance.now() + START_MS;
      process?.alive && performance.now() < deadline;
      await sleep(5)
    ) {
      if (!(await isOpen(this.port))) continue;
      const admin = client.admin();
      try {
        await admin.connect();
        const { brokers, controller } = await admin.describeCluster();
        if (brokers.length > 0 && controller !== null) return true;
      } catch {
        // not yet
      } finally {
        await admin.disconnect();
      }
    }
    return false;
  }
}

const properties = (values: Readonly<Record<string, string | number>>): string =>
  Object.entries(values)
    .map(([name, value]) => `${name}=${value}\n`)
    .join("");

/** What its log says of a failure, in one line. */
function reasonIn(log: string): string {
  if (/No space left on device/.test(log)) return "no space is left on the disk: free some, or set TMPDIR to another";
  return log.split("\n").filter(Boolean).at(-1) ?? "its log is empty";
}

/** Whether somebody listens on a port of this machine. */
function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("error", () => resolve(false));
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
  });
}
