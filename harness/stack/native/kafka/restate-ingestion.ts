import { z } from "zod";
import type { ClientAnswer, ClientRequest } from "../../stack.ts";
import type { Kafka } from "./kafka.ts";

/** A request to Restate's admin API, such as `(request) => stack.fetch("admin", request)`. */
export type AdminRequest = (request: ClientRequest) => Promise<ClientAnswer>;

/**
 * How Restate's consumers (librdkafka) find the broker again quickly: a dead connection is opened again within 50 ms; a consumer
 * whose Restate was killed is missed after 3 s; and one that has seen its broker leave the cluster, be it for a moment, looks for
 * it again within a second, where the default is ten minutes.
 */
const CONSUMER: Readonly<Record<string, string>> = {
  "reconnect.backoff.ms": "10",
  "reconnect.backoff.max.ms": "50",
  "retry.backoff.ms": "10",
  "retry.backoff.max.ms": "50",
  "coordinator.query.interval.ms": "1000",
  "session.timeout.ms": "3000",
  "heartbeat.interval.ms": "100",
  "auto.commit.interval.ms": "100",
};

/**
 * The value of the variable RESTATE_INGRESS__KAFKA_CLUSTERS: tells a restate-server that is about to start of a cluster.
 * One that runs already is told by `registerCluster`.
 */
export function clustersSetting(name: string, kafka: Pick<Kafka, "address">): string {
  const options = Object.entries(CONSUMER).map(
    ([option, value]) => `,${JSON.stringify(option)}=${JSON.stringify(value)}`,
  );
  return `[{name=${JSON.stringify(name)},brokers=["PLAINTEXT://${kafka.address}"]${options.join("")}}]`;
}

/** Tells Restate of a cluster, which subscriptions can then name. @throws when Restate refuses it */
export async function registerCluster(ask: AdminRequest, name: string, kafka: Pick<Kafka, "address">): Promise<void> {
  const properties = { ...CONSUMER, "bootstrap.servers": kafka.address };
  await post(ask, "/kafka-clusters", { name, properties });
}

export interface Subscription {
  /** the cluster's name for Restate */
  cluster: string;
  topic: string;
  service: string;
  handler: string;
  /** further options of the consumer */
  options?: Record<string, string>;
}

const Created = z.object({ id: z.string() });

/**
 * Has Restate pass the records of a topic, from its first one, to a handler. A record's key is the object's.
 * @returns the subscription's id, and the consumer group by which its progress can be asked for
 * @throws when Restate refuses it
 */
export async function subscribe(
  ask: AdminRequest,
  { cluster, topic, service, handler, options = {} }: Subscription,
): Promise<{ id: string; group: string }> {
  const group = options["group.id"] ?? `restate-${service}-${handler}-${topic}`;
  const created = await post(ask, "/subscriptions", {
    source: `kafka://${cluster}/${topic}`,
    sink: `service://${service}/${handler}`,
    options: { "auto.offset.reset": "earliest", ...options, "group.id": group },
  });
  return { id: Created.parse(JSON.parse(created)).id, group };
}

async function post(ask: AdminRequest, path: string, content: unknown): Promise<string> {
  const headers = { "content-type": "application/json" };
  const { status, body } = await ask({ method: "POST", path, headers, body: JSON.stringify(content) });
  if (status >= 300) throw new Error(`Restate refused ${path} (${status}): ${body}`);
  return body;
}
