import type { FaultKind, Scene } from "./fault.ts";

const client = (name: string, says: string, then: Parameters<Scene["cutClient"]>[0]): FaultKind => ({
  name,
  says,
  level: "client",
  alone: false,
  needs: [],
  at: [
    { at: "operation", when: "after", point: "invoke" },
    { at: "message", when: "either" },
    { at: "effect", when: "either" },
  ],
  lasting: false,
  strike: (scene) => {
    scene.cutClient(then);
    return {};
  },
});

/** The client gives up while it waits: it never learns the answer. */
export const clientWalksAway = client("client-walks-away", "the client walks away", "walks away");
/** The client's connection breaks, and it sends the same request again. */
export const clientRetries = client("client-retries", "the client loses its connection and asks again", "asks again");
