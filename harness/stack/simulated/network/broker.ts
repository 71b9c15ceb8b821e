import { hash } from "../chance.ts";

/** What a client produces. */
export interface ProducedRecord {
  key?: string | Uint8Array;
  value: string;
  headers?: Record<string, string>;
  /** chosen by the key when absent */
  partition?: number;
}

/** A record as the topic holds it. */
export interface TopicRecord {
  topic: string;
  partition: number;
  /** its place in the partition, from 0 */
  offset: number;
  /** milliseconds since the epoch */
  timestamp: number;
  key: Uint8Array | undefined;
  value: string;
  headers: Record<string, string>;
}

/**
 * A Kafka broker, as far as Restate sees one: topics of partitions, each a log that only grows. A record is there once it
 * is produced; who follows a topic hears of it at once, and fetches at its own pace.
 */
export class Broker {
  readonly #now: () => number;
  readonly #topics = new Map<string, TopicRecord[][]>();
  readonly #followers = new Map<string, ((partition: number) => void)[]>();

  /** @param now milliseconds since the epoch */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** A topic that is not created has one partition once something is produced to it or follows it. */
  createTopic(topic: string, partitions: number): void {
    if (this.#topics.has(topic)) throw new Error(`there is a topic ${topic} already`);
    this.#topics.set(
      topic,
      Array.from({ length: partitions }, () => []),
    );
  }

  /** Appends a record; it is acknowledged with its place. */
  produce(topic: string, record: ProducedRecord): TopicRecord {
    const partitions = this.partitions(topic);
    const key = typeof record.key === "string" ? Buffer.from(record.key) : record.key;
    const chosen = key === undefined ? 0 : hash(0, Buffer.from(key).toString("latin1")) % partitions.length;
    const partition = record.partition ?? chosen;
    const log = partitions[partition];
    if (!log) throw new Error(`the topic ${topic} has no partition ${partition}`);
    const { value, headers = {} } = record;
    const appended = { topic, partition, offset: log.length, timestamp: Math.floor(this.#now()), key, value, headers };
    log.push(appended);
    for (const follower of this.#followers.get(topic) ?? []) follower(partition);
    return appended;
  }

  /** The partitions of a topic, oldest record first. */
  partitions(topic: string): readonly TopicRecord[][] {
    let partitions = this.#topics.get(topic);
    if (!partitions) {
      partitions = [[]];
      this.#topics.set(topic, partitions);
    }
    return partitions;
  }

  /** Calls back for every record that is appended from now on. */
  follow(topic: string, follower: (partition: number) => void): void {
    const followers = this.#followers.get(topic);
    if (followers) followers.push(follower);
    else this.#followers.set(topic, [follower]);
  }
}
