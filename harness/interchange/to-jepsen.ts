import { type History, isCompletion } from "../history/index.ts";
import type { JepsenEvent } from "./jepsen.ts";

/**
 * A history in the interchange form, for other checkers: `f` is the operation's kind, the value its arguments and then its
 * answer. `:fail` means here as there that it did not happen. Clients become processes; one whose operation was left open
 * goes on as a new process, since to Jepsen a process is busy for ever with what it never heard of. Only operations are told.
 */
export function jepsenOf(history: History): JepsenEvent[] {
  const clients = [...new Set(history.operations.map(({ client }) => client))];
  const process = new Map(clients.map((client, number) => [client, number]));
  const operations = new Map(history.operations.map((operation) => [operation.id, operation]));
  return history.events.flatMap((event): JepsenEvent[] => {
    const isOwn = event.type === "invoke" || isCompletion(event);
    const operation = isOwn ? operations.get(event.operation) : undefined;
    if (!isOwn || !operation) return [];
    const { client, kind, args, of } = operation;
    const number = process.get(client) ?? 0;
    if (event.type === "info") process.set(client, number + clients.length);
    return [
      {
        type: event.type,
        process: number,
        f: kind,
        value: event.type === "ok" ? event.value : (of ?? args),
        time: Math.round(event.at * 1e6),
        ...(event.type === "fail" ? { error: `${event.code} ${event.message}` } : {}),
        ...(event.type === "info" ? { error: event.reason } : {}),
      },
    ];
  });
}
