/** Checks that several patterns share: each makes an invariant of groups or kinds of operations. */

export { callsOf } from "../calls.ts";
export { heardAt } from "../heard.ts";
export { linearizable } from "../linearizable.ts";
export { timeAt } from "../time-at.ts";
export { ackedIsNeverLost } from "./acked-is-never-lost.ts";
export { agreement } from "./agreement.ts";
export { apart } from "./apart.ts";
export { effectsCarry, fieldOf } from "./effects-carry.ts";
export { type EffectsOnce, effectsOnce, times } from "./effects-once.ts";
export { type InTurn, inTurn } from "./in-turn.ts";
export { noSpuriousEffects } from "./no-spurious-effects.ts";
export { type NotBefore, notBefore } from "./not-before.ts";
export { notBlockedByOthers, someGoesOn } from "./not-blocked-by-others.ts";
export { notBlockedByStalls, type Stall, stallIn } from "./not-blocked-by-stalls.ts";
export { nothingAfterCompletion } from "./nothing-after-completion.ts";
export { ofOneRequest } from "./of-one-request.ts";
export { rateLimited } from "./rate-limited.ts";
export { returns } from "./returns.ts";
export {
  bestPriorityFirst,
  firstComeFirstServed,
  neverMoreThanTheLimit,
  type Prioritised,
  type Slots,
} from "./slots.ts";
export { stepsInOrder } from "./steps-in-order.ts";
