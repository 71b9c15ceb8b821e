import type { FaultKind } from "./fault.ts";

/** SIGKILL of Restate; it is started again at once, on its data. */
export const killServer: FaultKind = {
  name: "kill-server",
  says: "Restate is killed and started again",
  level: "process",
  alone: true,
  needs: ["kill-server"],
  at: [
    { at: "message", when: "either" },
    { at: "effect", when: "either" },
    { at: "operation", when: "after", point: "invoke" },
  ],
  lasting: false,
  strike: async (scene) => {
    const { heal } = await scene.inject({ kind: "kill-server" });
    return { heal, healAtOnce: true };
  },
};
