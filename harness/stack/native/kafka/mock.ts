import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type { ManagedProcess } from "../managed-process.ts";
import type { Kafka, KafkaLack, KafkaOptions } from "./kafka.ts";
import { Topics } from "./topics.ts";

const PACKAGE = "kafka-crab-js";

/** Whether the mock's package is installed. Its makers allow Node 24 alone, and npm leaves it out under any other. */
export function isMockInstalled(): boolean {
  try {
    createRequire(import.meta.url).resolve(PACKAGE);
    return true;
  } catch {
    return false;
  }
}

/** librdkafka's mock of a cluster, in a process of its own, for machines without Java. */
export class MockKafka implements Kafka {
  readonly kind = "mock";
  /** what it has is in its memory, and it tells clients an address that no proxy can stand before */
  readonly lacks: readonly KafkaLack[] = ["kill", "cut", "black-hole", "idempotent-producer", "partition-count"];
  readonly address: string;
  readonly topics: Topics;
  readonly #process: ManagedProcess;

  private constructor(running: ManagedProcess, address: string) {
    this.#process = running;
    this.address = address;
    this.topics = new Topics(address, "mock");
  }

  /** @throws when its package is not installed, or does not start */
  static async start({ processes }: Pick<KafkaOptions, "processes">): Promise<MockKafka> {
    if (!isMockInstalled())
      throw new Error(
        `there is no Kafka: install Java 17 or newer, or the package ${PACKAGE} by running \`npm ci\` with Node 24`,
      );
    const address = Promise.withResolvers<string>();
    const script = fileURLToPath(new URL("mock-broker.ts", import.meta.url));
    const running = await processes.spawn(process.execPath, ["--disable-warning=ExperimentalWarning", script], {
      env: { PATH: process.env.PATH ?? "" },
      name: "kafka-mock",
      onLine: (line) => {
        const found = /replaced with (127\.0\.0\.1:\d+)/.exec(line)?.[1];
        if (found === undefined) return false;
        address.resolve(found);
        return true;
      },
    });
    const ended = running.ended.then(({ how, output }) => {
      throw new Error(`the mock of Kafka ended at its start (${how}): ${output}`);
    });
    // once it has started, its end is no failure of the start
    ended.catch(() => {});
    return new MockKafka(running, await Promise.race([address.promise, ended]));
  }

  async kill(): Promise<void> {
    this.#refuse("kill");
  }
  async restart(): Promise<void> {
    this.#refuse("kill");
  }
  async freeze(): Promise<void> {
    await this.#process.signal("SIGSTOP");
  }
  async thaw(): Promise<void> {
    await this.#process.signal("SIGCONT");
  }
  cut(): void {
    this.#refuse("cut");
  }
  blackHole(): void {
    this.#refuse("black-hole");
  }
  restoreNetwork(): void {}
  async close(): Promise<void> {
    await this.#process.kill();
    await this.topics.close();
  }

  #refuse(fault: KafkaLack): never {
    throw new Error(`a mock of Kafka has no ${fault}: install Java 17 or newer for Apache Kafka itself`);
  }
}
