import type { Decision } from "../stack/index.ts";
import type { FaultKind } from "./fault.ts";

const cut = <Name extends string>(
  name: Name,
  description: string,
  decision: Exclude<Decision, undefined>,
  exclusive: boolean,
): FaultKind<Name> => ({
  name,
  description,
  scope: "message",
  exclusive,
  needs: ["message-cut"],
  at: [{ at: "message", when: "either" }],
  untilHealed: false,
  inject: () => ({ decision }),
});

/** The attempt's stream is reset; its connection lives on. */
export const cutStream = cut("cut-stream", "the attempt's stream is reset", "reset", false);
/** The connection between Restate and the endpoint is lost, with all the attempts that run over it. */
export const cutConnection = cut("cut-connection", "the connection to the endpoint is lost", "session", true);
