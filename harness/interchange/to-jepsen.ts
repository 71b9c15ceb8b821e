import type { History } from "../history/index.ts";
import type { JepsenEvent } from "./jepsen.ts";

/**
 * A history in the interchange form, for other checkers: `f` is the operation's kind, the value its input and then its
 * answer, the key that of the object it called. Clients become processes; one whose operation was left open goes on as
 * a new process, since to Jepsen a process is busy for ever with what it never heard of. It holds operations only.
 */
export function jepsenOf(history: History): JepsenEvent[] {
  const clients = [...new Set(history.plan.operations.map(({ client }) => client))];
  const process = new Map(clients.map((client, number) => [client, number]));
  const operations = new Map(history.plan.operations.map((operation) => [operation.id, operation]));
  return history.events.flatMap((event): JepsenEvent[] => {
    const isOwn = event.type === "invoke" || event.type === "ok" || event.type === "fail" || event.type === "info";
    const operation = isOwn ? operations.get(event.operation) : undefined;
    if (!isOwn || !operation) return [];
    const { client, kind, call, input = null } = operation;
    const number = process.get(client)!;
    if (event.type === "info") process.set(client, number + clients.length);
    return [
      {
        type: event.type,
        process: number,
        f: kind,
        value: event.type === "ok" ? event.value : input,
        ...(call !== undefined && "key" in call && call.key !== undefined ? { key: call.key } : {}),
        time: Math.round(event.at * 1e6),
        ...(event.type === "fail" ? { error: `${event.status} ${event.message}` } : {}),
        ...(event.type === "info" ? { error: event.reason } : {}),
      },
    ];
  });
}
