import type { FaultKind } from "./fault.ts";

/** SIGKILL of the process that serves the services; what it kept in memory is lost. */
export const killEndpoint: FaultKind<"kill-endpoint"> = {
  name: "kill-endpoint",
  description: "the service process is killed",
  scope: "process",
  exclusive: true,
  needs: ["kill-endpoint"],
  at: [
    { at: "message", when: "either" },
    { at: "effect", when: "either" },
  ],
  untilHealed: false,
  inject: async (context) => {
    await context.inject({ kind: "kill-endpoint" });
    return {};
  },
};
