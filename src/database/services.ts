export { idempotency } from "./idempotency.ts";
export { keyed } from "./keyed.ts";
export { simple } from "./simple.ts";
export { twoPhaseSweeper } from "./sweeper.ts";
export { twoPhaseCommit } from "./two-phase-commit.ts";
