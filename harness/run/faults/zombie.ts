import type { FaultKind } from "./fault.ts";

/**
 * The service process freezes, Restate fails over to another, and later the frozen one goes on where it stood: its
 * attempts run beside their successors, and what they were about to do to external systems, they do late.
 */
export const zombie: FaultKind = {
  name: "zombie",
  says: "the service process freezes, another takes over, and it thaws later",
  level: "process",
  alone: true,
  needs: ["zombie"],
  at: [
    { at: "message", when: "either" },
    { at: "effect", when: "before" },
  ],
  lasting: true,
  strike: async (scene) => {
    const release = scene.holdCallsOfOpenAttempts();
    const { heal, rested } = await scene.inject({ kind: "zombie" });
    return {
      hold: true,
      heal: async () => {
        release();
        await heal();
      },
      ...(rested && { rested }),
    };
  },
};
