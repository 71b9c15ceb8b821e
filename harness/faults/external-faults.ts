import type { FaultKind } from "./fault.ts";

const external = <Name extends string>(
  kind: Pick<FaultKind<Name>, "name" | "description" | "untilHealed" | "inject">,
  when: "before" | "after",
): FaultKind<Name> => ({
  ...kind,
  scope: "world",
  exclusive: false,
  needs: [],
  at: [{ at: "effect", when }],
});

/** An external system answers 503 and has done nothing. */
export const failCall = external(
  {
    name: "fail-call",
    description: "the external system fails before its effect",
    untilHealed: false,
    inject: () => ({ external: "fail" }),
  },
  "before",
);
/** It has done it, and the connection breaks before the answer arrives. */
export const loseAnswer = external(
  {
    name: "lose-answer",
    description: "the external system's answer is lost",
    untilHealed: false,
    inject: () => ({ external: "lose" }),
  },
  "after",
);
/** It does nothing until it is healed. */
export const stall = external(
  {
    name: "stall",
    description: "the external system stalls before its effect",
    untilHealed: true,
    inject: () => ({ hold: true }),
  },
  "before",
);
/** It has done it, and answers only when it is healed. */
export const answerLate = external(
  {
    name: "answer-late",
    description: "the external system answers late",
    untilHealed: true,
    inject: () => ({ hold: true }),
  },
  "after",
);
