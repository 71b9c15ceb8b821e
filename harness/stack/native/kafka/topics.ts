import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { type Admin, Kafka as Client, logLevel, Partitioners, type Producer } from "kafkajs";

/** What is produced. */
export interface NewRecord {
  key: string | Buffer | null;
  value: string | Buffer | null;
  /** which partition; by the key's hash when it is left out */
  partition?: number;
}
/** A record as it stands in a topic. */
export interface StoredRecord {
  partition: number;
  /** its place in the partition, from 0 */
  offset: number;
  key: Buffer | null;
  value: Buffer | null;
}

/** How long one consumer may take to read a topic, in milliseconds, and how many may try. */
const READ_MS = 8_000;
const READERS = 5;
/** How long a new topic may take until its partitions have a leader, in milliseconds. */
const CREATE_MS = 20_000;

/** The harness' own client: makes topics, produces, and reads back what is there. */
export class Topics {
  readonly #client: Client;
  readonly #admin: Admin;
  readonly #producer: Producer;
  #adminConnected: Promise<void> | undefined;
  #producerConnected: Promise<void> | undefined;
  /** idempotent sends that overlap arrive out of order and are refused, so there is one at a time */
  #sending: Promise<unknown> = Promise.resolve();

  readonly #broker: "apache-kafka" | "mock";

  /** @param broker what it talks to: a mock makes topics in its own way, and does not know producers apart */
  constructor(address: string, broker: "apache-kafka" | "mock" = "apache-kafka") {
    this.#broker = broker;
    this.#client = new Client({
      brokers: [address],
      clientId: "stormproof",
      logLevel: logLevel.NOTHING,
      connectionTimeout: 500,
      requestTimeout: 1_000,
      // a broker that is killed or frozen comes back: until then, again and again
      retry: { initialRetryTime: 10, maxRetryTime: 50, factor: 0, multiplier: 1, retries: 2_000 },
    });
    this.#admin = this.#client.admin();
    this.#producer = this.#client.producer({
      idempotent: broker === "apache-kafka",
      maxInFlightRequests: 1,
      createPartitioner: Partitioners.DefaultPartitioner,
    });
  }

  /** Makes a topic, and settles when it can be used; one that is there already stays as it is. @throws when it cannot be made */
  async create(topic: string, partitions = 1): Promise<void> {
    if (this.#broker === "mock") return this.#mention(topic);
    const admin = await this.#connectedAdmin();
    await admin.createTopics({ topics: [{ topic, numPartitions: partitions }], waitForLeaders: false });
    for (const deadline = performance.now() + CREATE_MS; ; await sleep(10)) {
      try {
        return void (await this.ends(topic));
      } catch (error) {
        // the broker has not taken it over yet
        if (performance.now() > deadline) throw error;
      }
    }
  }

  /**
   * Produces one record, and settles when it is stored. While the broker is away it goes on trying.
   * @returns where it stands
   * @throws when the broker refuses it, or is away for minutes: then it may be stored or not
   */
  send(topic: string, record: NewRecord): Promise<{ partition: number; offset: number }> {
    const sent = this.#sending.then(() => this.#send(topic, record));
    this.#sending = sent.catch(() => {});
    return sent;
  }

  /**
   * All records of a topic, partition by partition, each in its order. A consumer of this client that joins its group in the moment
   * in which a busy broker drops out of its cluster waits for ever: then another one reads.
   * @throws when they cannot be read within 40 seconds
   */
  async read(topic: string): Promise<StoredRecord[]> {
    const ends = await this.ends(topic);
    for (let reader = 1; reader <= READERS; reader++) {
      const records = await this.#readUpTo(ends, topic);
      if (records) return records;
    }
    throw new Error(`the records of ${topic} could not be read within ${(READERS * READ_MS) / 1000} seconds`);
  }

  /** The records before the given ends; undefined when they did not come in time. */
  async #readUpTo(ends: ReadonlyMap<number, number>, topic: string): Promise<StoredRecord[] | undefined> {
    const partitions = [...ends.keys()].sort((one, another) => one - another);
    const records = new Map(partitions.map((partition): [number, StoredRecord[]] => [partition, []]));
    const isComplete = (): boolean => [...ends].every(([partition, end]) => records.get(partition)?.length === end);
    if (isComplete()) return [];
    const consumer = this.#client.consumer({ groupId: `reader-${randomUUID()}`, maxWaitTimeInMs: 20 });
    const done = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => done.resolve(false), READ_MS);
    const consume = async (): Promise<void> => {
      await consumer.connect();
      await consumer.subscribe({ topics: [topic], fromBeginning: true });
      await consumer.run({
        eachMessage: async ({ partition, message: { key, value, offset: text } }) => {
          const offset = Number(text);
          // more may be produced meanwhile
          if (offset < (ends.get(partition) ?? 0)) records.get(partition)?.push({ partition, offset, key, value });
          if (isComplete()) done.resolve(true);
        },
      });
    };
    consume().catch(done.reject);
    try {
      return (await done.promise) ? [...records.values()].flat() : undefined;
    } finally {
      clearTimeout(timer);
      // one that waits for ever does so here as well
      void consumer.disconnect().catch(() => {});
    }
  }

  /** For each partition of a topic, the offset that the next record will have. */
  async ends(topic: string): Promise<Map<number, number>> {
    const offsets = await (await this.#connectedAdmin()).fetchTopicOffsets(topic);
    return new Map(offsets.map(({ partition, high }) => [partition, Number(high)]));
  }

  /** How many records of a topic a consumer group has not confirmed yet. */
  async lag(group: string, topic: string): Promise<number> {
    const ends = await this.ends(topic);
    const admin = await this.#connectedAdmin();
    const [committed] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
    const confirmed = new Map(committed?.partitions.map(({ partition, offset }) => [partition, Number(offset)]));
    // -1: it has confirmed nothing
    return [...ends].reduce((sum, [partition, end]) => sum + end - Math.max(0, confirmed.get(partition) ?? 0), 0);
  }

  async close(): Promise<void> {
    await Promise.allSettled([this.#admin.disconnect(), this.#producer.disconnect()]);
  }

  async #send(topic: string, record: NewRecord): Promise<{ partition: number; offset: number }> {
    this.#producerConnected ??= this.#producer.connect();
    await this.#producerConnected;
    const [stored] = await this.#producer.send({ topic, acks: -1, messages: [record] });
    return { partition: stored?.partition ?? 0, offset: Number(stored?.baseOffset) };
  }

  /** A mock makes a topic when a client asks for it. */
  async #mention(topic: string): Promise<void> {
    const consumer = this.#client.consumer({ groupId: `maker-${randomUUID()}` });
    await consumer.connect();
    await consumer.subscribe({ topics: [topic] });
    await consumer.disconnect();
  }

  async #connectedAdmin(): Promise<Admin> {
    this.#adminConnected ??= this.#admin.connect();
    await this.#adminConnected;
    return this.#admin;
  }
}
