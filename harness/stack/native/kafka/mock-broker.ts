/**
 * A process with a mock of Kafka: one broker that speaks the protocol and keeps its records in memory. It says on its standard output
 * where it listens, and ends with its standard input.
 */
import { createRequire } from "node:module";

interface Clients {
  KafkaClient: new (
    options: Record<string, unknown>,
  ) => {
    createProducer(options: Record<string, unknown>): unknown;
  };
}
const { KafkaClient }: Clients = createRequire(import.meta.url)("kafka-crab-js");

// the mock belongs to a client that never says anything
const client = new KafkaClient({
  brokers: "127.0.0.1:1",
  clientId: "mock",
  configuration: { "test.mock.num.brokers": "1" },
  logLevel: "info",
});
const producer = client.createProducer({ configuration: {} });

process.stdin.resume().once("end", () => process.exit(0));
// neither is to be collected while the mock is in use
process.once("exit", () => [client, producer]);
