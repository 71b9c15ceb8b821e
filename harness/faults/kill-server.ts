import type { FaultKind } from "./fault.ts";

/** SIGKILL of Restate; it is started again at once, on its data. */
export const killServer: FaultKind<"kill-server"> = {
  name: "kill-server",
  description: "Restate is killed and started again",
  scope: "process",
  exclusive: true,
  needs: ["kill-server"],
  at: [
    { at: "message", when: "either" },
    { at: "effect", when: "either" },
    { at: "operation", when: "after", point: "invoke" },
  ],
  untilHealed: false,
  inject: async (context) => {
    const { heal } = await context.inject({ kind: "kill-server" });
    return { heal, healAtOnce: true };
  },
};
