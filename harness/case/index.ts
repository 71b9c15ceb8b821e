export { LIVENESS_BOUND_MS } from "./case.ts";
export { CaseRunner, type Implementation, type Judged } from "./case-runner.ts";
export type { Adapter, Answer } from "./contract.ts";
export { makeTag, untagged } from "./tag.ts";
