import { ApacheKafka } from "./apache-kafka.ts";
import type { ProcessHost, Storm } from "./broker.ts";
import { findJava } from "./java.ts";
import { MockKafka } from "./mock.ts";
import type { Topics } from "./topics.ts";

/** What can be done to a broker. */
export type KafkaFault = "kill" | "freeze" | "cut" | "black-hole";
/**
 * What a broker may lack: a fault; that it knows producers apart, and stores what is sent again once; that a topic has the
 * number of partitions that was asked for (a mock gives each four).
 */
export type KafkaLack = KafkaFault | "idempotent-producer" | "partition-count";

export interface KafkaOptions {
  /** the stack's processes: they own the broker, and end it when this process dies */
  processes: ProcessHost;
  /** whether the broker will be killed or frozen: no broker withstands both, see `Storm` */
  storm: Storm;
  /** the name of its folder beneath the stack's ("kafka") */
  folder?: string;
}

/** A broker of Kafka for one stack. */
export interface Kafka {
  /** what it is: Apache Kafka itself, or a mock that speaks its protocol, where there is no Java */
  readonly kind: "apache-kafka" | "mock";
  /** what a storm may ask for, and this one has not */
  readonly lacks: readonly KafkaLack[];
  /** host and port, which stay the same */
  readonly address: string;
  /** makes topics, produces, and reads them back */
  readonly topics: Topics;
  /** SIGKILL. @throws when it lacks that, as every method below */
  kill(): Promise<void>;
  /** Starts it again with its data and at its address. */
  restart(): Promise<void>;
  /** SIGSTOP: what is sent to it waits. */
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  /** Breaks every connection. */
  cut(): void;
  /** Nothing passes any more, and nothing ends, until `restoreNetwork`. */
  blackHole(): void;
  restoreNetwork(): void;
  /** Ends everything, and removes the data. Idempotent. */
  close(): Promise<void>;
}

/**
 * Starts a broker without topics: Apache Kafka where there is Java 17 or newer, else a mock.
 * @throws when there is neither, when the jars cannot be had, or when it does not serve
 */
export async function startKafka(options: KafkaOptions): Promise<Kafka> {
  const java = await findJava();
  return java ? ApacheKafka.start(options, java) : MockKafka.start(options);
}
