export { LIVENESS_BOUND_MS } from "./case.ts";
export { CaseRunner, type Implementation, type Judged } from "./case-runner.ts";
export { overHttp } from "./client.ts";
export type { Adapter, Answer } from "./contract.ts";
export { ExternalTraffic } from "./external-traffic.ts";
export { makeTag, untagged } from "./tag.ts";
