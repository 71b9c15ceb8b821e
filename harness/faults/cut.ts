import type { Decision } from "../stack/index.ts";
import type { FaultKind } from "./fault.ts";

const cut = (name: string, says: string, decision: Exclude<Decision, undefined>, alone: boolean): FaultKind => ({
  name,
  says,
  level: "message",
  alone,
  needs: ["message-cut"],
  at: [{ at: "message", when: "either" }],
  lasting: false,
  strike: () => ({ decision }),
});

/** The attempt's stream is reset; its connection lives on. */
export const cutReset = cut("cut-reset", "the attempt's stream is reset", "reset", false);
/** The connection between Restate and the endpoint is lost, with all the attempts that run over it. */
export const cutSession = cut("cut-session", "the connection to the endpoint is lost", "session", true);
