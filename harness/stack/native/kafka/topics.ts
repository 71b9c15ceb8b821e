import { randomUUID } from "node:crypto";
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

const READ_MS = 20_000;

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

  /** Makes a topic; one that is there already stays as it is. */
  async create(topic: string, partitions = 1): Promise<void> {
    if (this.#broker === "mock") return this.#mention(topic);
    const admin = await this.#connectedAdmin();
    await admin.createTopics({ topics: [{ topic, numPartitions: partitions }], waitForLeaders: false });
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

  /** All records of a topic, partition by partition, each in its order. @throws when they cannot be read within 20 s */
  async read(topic: string): Promise<StoredRecord[]> {
    const ends = await this.ends(topic);
    const total = [...ends.values()].reduce((sum, end) => sum + end, 0);
    const records: StoredRecord[] = [];
    if (total === 0) return records;
    const consumer = this.#client.consumer({ groupId: `reader-${randomUUID()}`, maxWaitTimeInMs: 20 });
    const done = Promise.withResolvers<void>();
    const timer = setTimeout(
      () => done.reject(new Error(`of ${total} records of ${topic}, ${records.length} could be read in time`)),
      READ_MS,
    );
    try {
      await consumer.connect();
      await consumer.subscribe({ topics: [topic], fromBeginning: true });
      await consumer.run({
        eachMessage: async ({ partition, message }) => {
          const offset = Number(message.offset);
          records.push({ partition, offset, key: message.key, value: message.value });
          // more may be produced meanwhile
          const isComplete = [...ends].every(
            ([index, end]) =>
              records.filter((record) => record.partition === index && record.offset < end).length === end,
          );
          if (isComplete) done.resolve();
        },
      });
      await done.promise;
    } finally {
      clearTimeout(timer);
      await consumer.disconnect();
    }
    return records
      .filter(({ partition, offset }) => offset < (ends.get(partition) ?? 0))
      .sort((one, another) => one.partition - another.partition || one.offset - another.offset);
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
