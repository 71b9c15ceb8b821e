import type { FaultKind } from "./fault.ts";

const external = (
  kind: Pick<FaultKind, "name" | "says" | "lasting" | "strike">,
  when: "before" | "after",
): FaultKind => ({
  ...kind,
  level: "world",
  alone: false,
  needs: [],
  at: [{ at: "effect", when }],
});

/** An external system answers 503 and has done nothing. */
export const externalFails = external(
  {
    name: "external-fails",
    says: "the external system fails before its effect",
    lasting: false,
    strike: () => ({ external: "fail" }),
  },
  "before",
);
/** It has done it, and the connection breaks before the answer arrives. */
export const externalLosesAnswer = external(
  {
    name: "external-loses-answer",
    says: "the external system's answer is lost",
    lasting: false,
    strike: () => ({ external: "lose" }),
  },
  "after",
);
/** It does nothing until it is healed. */
export const externalStalls = external(
  {
    name: "external-stalls",
    says: "the external system stalls before its effect",
    lasting: true,
    strike: () => ({ hold: true }),
  },
  "before",
);
/** It has done it, and answers only when it is healed. */
export const externalAnswersLate = external(
  {
    name: "external-answers-late",
    says: "the external system answers late",
    lasting: true,
    strike: () => ({ hold: true }),
  },
  "after",
);
