import type { FaultKind } from "./fault.ts";

/** SIGKILL of the process that serves the services; what it kept in memory is lost. */
export const killEndpoint: FaultKind = {
  name: "kill-endpoint",
  says: "the service process is killed",
  level: "process",
  alone: true,
  needs: ["kill-endpoint"],
  at: [
    { at: "message", when: "either" },
    { at: "effect", when: "either" },
  ],
  lasting: false,
  strike: async (scene) => {
    await scene.inject({ kind: "kill-endpoint" });
    return {};
  },
};
