import { worldFault } from "./world-fault.ts";

/** An external system answers 503 and has done nothing. */
export const failCall = worldFault(
  {
    name: "fail-call",
    description: "the external system fails before its effect",
    untilHealed: false,
    inject: () => ({ external: "fail" }),
  },
  { at: "effect", when: "before" },
);
/** It has done it, and the connection breaks before the answer arrives. */
export const loseAnswer = worldFault(
  {
    name: "lose-answer",
    description: "the external system's answer is lost",
    untilHealed: false,
    inject: () => ({ external: "lose" }),
  },
  { at: "effect", when: "after" },
);
/** It does nothing until it is healed. */
export const stall = worldFault(
  {
    name: "stall",
    description: "the external system stalls before its effect",
    untilHealed: true,
    inject: () => ({ hold: true }),
  },
  { at: "effect", when: "before" },
);
/** It has done it, and answers only when it is healed. */
export const answerLate = worldFault(
  {
    name: "answer-late",
    description: "the external system answers late",
    untilHealed: true,
    inject: () => ({ hold: true }),
  },
  { at: "effect", when: "after" },
);
