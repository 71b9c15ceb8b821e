import type { MessageHook, PostgresMessage } from "./session.ts";

const ASKS: ReadonlySet<string> = new Set(["Query", "Execute"]);
const ANSWERS: ReadonlySet<string> = new Set(["CommandComplete", "ErrorResponse"]);

/**
 * A hook that cuts the connection once, at a statement: "before" the server has heard of it, or "after" the server has
 * carried it out and before the client has heard of that.
 */
export function cutAround(when: "before" | "after", isIt: (message: PostgresMessage) => boolean): MessageHook {
  const places = when === "before" ? ASKS : ANSWERS;
  let isDone = false;
  return (message) => {
    if (isDone || !places.has(message.name) || message.statement === undefined || !isIt(message)) return undefined;
    isDone = true;
    return "cut";
  };
}
