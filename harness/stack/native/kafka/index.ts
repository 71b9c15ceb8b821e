export { type Kafka, type KafkaFault, type KafkaLack, type KafkaOptions, startKafka } from "./kafka.ts";
export {
  type AdminRequest,
  clustersSetting,
  registerCluster,
  type Subscription,
  subscribe,
} from "./restate-ingestion.ts";
export type { NewRecord, StoredRecord, Topics } from "./topics.ts";
