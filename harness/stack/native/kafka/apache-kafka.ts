import { rmSync } from "node:fs";
import { TcpProxy } from "../tcp-proxy.ts";
import { archiveArgument } from "./archive.ts";
import { Broker, type Storm } from "./broker.ts";
import { classPath } from "./jars.ts";
import { findJava, type Java } from "./java.ts";
import type { Kafka, KafkaFault, KafkaOptions } from "./kafka.ts";
import { Topics } from "./topics.ts";

/** Apache Kafka behind a proxy that keeps its port. */
export class ApacheKafka implements Kafka {
  readonly kind = "apache-kafka";
  readonly lacks: readonly KafkaFault[];
  readonly topics: Topics;
  readonly #broker: Broker;
  readonly #proxy: TcpProxy;

  private constructor(broker: Broker, proxy: TcpProxy, storm: Storm) {
    this.#broker = broker;
    this.#proxy = proxy;
    this.lacks = storm === "kills" ? ["freeze"] : ["kill"];
    this.topics = new Topics(this.address);
  }

  /** @throws when there is no Java, when the jars cannot be had, and when the broker does not serve */
  static async start({ processes, storm, folder = "kafka" }: KafkaOptions, found?: Java): Promise<ApacheKafka> {
    const java = found ?? (await findJava());
    if (!java) throw new Error("Apache Kafka needs Java 17 or newer: install it, or set JAVA_HOME to where it is");
    const jars = await classPath();
    const jvm = [await archiveArgument(processes, java, jars)];
    const proxy: TcpProxy = new TcpProxy(() => ({ host: "127.0.0.1", port: broker.port }));
    await proxy.listen();
    const advertised = (): string => `127.0.0.1:${proxy.port}`;
    const broker = new Broker(processes, folder, { java, classPath: jars, storm, advertised, jvm });
    const kafka = new ApacheKafka(broker, proxy, storm);
    try {
      await broker.create();
      return kafka;
    } catch (error) {
      await kafka.close();
      throw error;
    }
  }

  get address(): string {
    return `127.0.0.1:${this.#proxy.port}`;
  }
  /** The broker's process, while it runs. */
  get pid(): number | undefined {
    return this.#broker.pid;
  }
  async kill(): Promise<void> {
    this.#assertCan("kill");
    await this.#broker.kill();
  }
  restart(): Promise<void> {
    return this.#broker.start();
  }
  async freeze(): Promise<void> {
    this.#assertCan("freeze");
    await this.#broker.freeze();
  }
  thaw(): Promise<void> {
    return this.#broker.thaw();
  }
  cut(): void {
    this.#proxy.cut();
  }
  blackHole(): void {
    this.#proxy.blackHole();
  }
  restoreNetwork(): void {
    this.#proxy.restore();
  }
  async close(): Promise<void> {
    await this.#broker.kill();
    await this.topics.close();
    await this.#proxy.close();
    rmSync(this.#broker.folder, { recursive: true, force: true });
  }

  #assertCan(fault: KafkaFault): void {
    if (this.lacks.includes(fault))
      throw new Error(`this broker was not started for it: start Kafka with storm "${fault}s" to ${fault} it`);
  }
}
