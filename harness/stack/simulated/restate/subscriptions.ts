import { namedBytes } from "../chance.ts";
import type { Broker, TopicRecord } from "../network/broker.ts";
import type { Link } from "../scheduler.ts";
import type { Handler } from "./discovery.ts";
import type { PartitionProcessor } from "./partition-processor.ts";

/** What makes the records of a topic invocations of a handler. */
export interface Subscription {
  id: string;
  topic: string;
  handler: Handler;
}

/** A consumer of one partition of a topic. */
interface Consumer {
  subscription: Subscription;
  partition: number;
  link: Link;
  /** the offset that is fetched next */
  position: number;
  /** where it begins again after a crash: what lies between was consumed, and is consumed once more */
  committed: number;
  /** a record that cannot be ingested is in its way, for ever */
  isBlocked: boolean;
}

/** how many records are consumed between two commits of the offset */
const COMMIT_EVERY = 3;

/**
 * Kafka subscriptions. The records of a partition are ingested in their order, each exactly once: what is consumed again
 * after a crash is recognised by its offset.
 * docs.restate.dev/services/invocation/kafka
 */
export class Subscriptions {
  readonly #processor: PartitionProcessor;
  readonly #broker: Broker;
  readonly #consumers: Consumer[] = [];
  /** by subscription and partition: the last offset that became an invocation; durable */
  readonly #ingested = new Map<string, number>();
  #isUp = true;

  constructor(processor: PartitionProcessor, broker: Broker) {
    this.#processor = processor;
    this.#broker = broker;
  }

  /**
   * @param source "kafka://cluster/topic"
   * @param sink "service://service/handler"
   * @returns why it cannot be, in words, or the subscription
   */
  create(source: string, sink: string): Subscription | string {
    const [, topic] = /^kafka:\/\/[^/]+\/(.+)$/.exec(source) ?? [];
    const [, service, name] = /^service:\/\/([^/]+)\/([^/]+)$/.exec(sink) ?? [];
    if (!topic) return `the source is not kafka://<cluster>/<topic>: ${source}`;
    const handler = service && name ? this.#processor.surface.handlers.find(service, name) : undefined;
    if (!handler) return `the sink is not service://<service>/<handler> of a registered service: ${sink}`;
    const number = new Set(this.#consumers.map(({ subscription }) => subscription)).size;
    const id = `sub_1${namedBytes(`${source} ${sink} ${number}`, 16).toString("base64url")}`;
    const subscription = { id, topic, handler };
    for (const partition of this.#broker.partitions(topic).keys()) this.#consume(subscription, partition);
    this.#broker.follow(topic, (partition) => this.#fetch(this.#consumerOf(subscription, partition)));
    return subscription;
  }

  /** The records that are still to be ingested. */
  get lag(): { subscription: Subscription; record: TopicRecord }[] {
    return this.#consumers
      .filter(({ isBlocked }) => !isBlocked)
      .flatMap(({ subscription, partition }) => {
        const log = this.#broker.partitions(subscription.topic)[partition]!;
        const rest = log.slice((this.#ingested.get(`${subscription.id} ${partition}`) ?? -1) + 1);
        return rest.map((record) => ({ subscription, record }));
      });
  }

  /** The server died: its consumers with it, and what they have not committed is forgotten. */
  crash(): void {
    this.#isUp = false;
    for (const { link } of this.#consumers) link.cut();
  }
  recover(): void {
    this.#isUp = true;
    for (const consumer of this.#consumers) {
      consumer.position = consumer.committed;
      this.#fetch(consumer);
    }
  }

  #consume(subscription: Subscription, partition: number): void {
    const name = `${subscription.topic}/${partition} to ${subscription.handler.service}`;
    const link = this.#processor.surface.scheduler.link(name, name);
    const consumer = { subscription, partition, link, position: 0, committed: 0, isBlocked: false };
    this.#consumers.push(consumer);
    this.#fetch(consumer);
  }

  #consumerOf(subscription: Subscription, partition: number): Consumer {
    return this.#consumers.find((one) => one.subscription === subscription && one.partition === partition)!;
  }

  /** Fetches what there is, in order. */
  #fetch(consumer: Consumer): void {
    if (!this.#isUp) return;
    const { subscription, partition, link } = consumer;
    const log = this.#broker.partitions(subscription.topic)[partition]!;
    for (; consumer.position < log.length; consumer.position++) {
      const record = log[consumer.position]!;
      const label = `${record.topic}/${partition}/${record.offset} to ${subscription.handler.service}`;
      link.send(label, () => this.#ingest(consumer, record), `offset ${record.offset}`);
    }
  }

  #ingest(consumer: Consumer, record: TopicRecord): void {
    if (consumer.isBlocked) return;
    const { subscription, partition } = consumer;
    const { handler } = subscription;
    const producer = `${subscription.id} ${partition}`;
    if (record.offset % COMMIT_EVERY === COMMIT_EVERY - 1) consumer.committed = record.offset + 1;
    if (record.offset <= (this.#ingested.get(producer) ?? -1)) return; // it was consumed before a crash
    const key = handler.kind === "service" ? undefined : keyOf(record);
    if (key === null) {
      consumer.isBlocked = true;
      return;
    }
    this.#ingested.set(producer, record.offset);
    const { topic, offset, value } = record;
    const headers = headersOf(record, subscription);
    const name = `${topic}/${partition}/${offset}`;
    this.#processor.submit({
      name,
      handler,
      key,
      body: Buffer.from(value),
      headers,
      idempotencyKey: undefined,
      due: 0,
    });
  }
}

/** The key as text; null when it is not UTF-8: the server cannot get past such a record. */
function keyOf({ key }: TopicRecord): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(key ?? new Uint8Array(0));
  } catch {
    return null;
  }
}

function headersOf(record: TopicRecord, { id }: Subscription): { key: string; value: string }[] {
  const own = {
    "kafka.offset": String(record.offset),
    "kafka.topic": record.topic,
    "kafka.partition": String(record.partition),
    "kafka.timestamp": String(record.timestamp),
    "restate.subscription.id": id,
    ...(record.key && { "kafka.key": Buffer.from(record.key).toString("base64url") }),
  };
  return Object.entries({ ...own, ...record.headers }).map(([key, value]) => ({ key, value }));
}
