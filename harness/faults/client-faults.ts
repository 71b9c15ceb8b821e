import type { FaultContext, FaultKind } from "./fault.ts";

const client = <Name extends string>(
  name: Name,
  description: string,
  then: Parameters<FaultContext["cutClient"]>[0],
): FaultKind<Name> => ({
  name,
  description,
  scope: "client",
  exclusive: false,
  needs: [],
  at: [
    { at: "operation", when: "after", point: "invoke" },
    { at: "message", when: "either" },
    { at: "effect", when: "either" },
  ],
  untilHealed: false,
  inject: (context) => {
    context.cutClient(then);
    return {};
  },
});

/** The client gives up while it waits: it never learns the answer. */
export const walkAway = client("walk-away", "the client walks away", "walks away");
/** The client's connection breaks, and it sends the same request again. */
export const reconnect = client("reconnect", "the client loses its connection and asks again", "asks again");
