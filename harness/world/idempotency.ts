import type { ExternalCall, ExternalSystem, Reaction } from "./system.ts";

/**
 * Gives a system the memory that makes repeated calls harmless: a call whose key was seen before is answered as the
 * first one was, for ever, refusals included, and changes nothing. A key that comes back with another request is a
 * mistake of the caller and refused with 422. Calls without a key pass through.
 */
export function idempotent(system: ExternalSystem): ExternalSystem {
  const memory = new Map<string, { request: string; reaction: Reaction }>();
  return {
    name: system.name,
    lapse: (referencePrefix) => system.lapse(referencePrefix),
    handle(call, now) {
      if (call.key === undefined) return system.handle(call, now);
      const request = canonical(call);
      const known = memory.get(call.key);
      if (!known) {
        const reaction = system.handle(call, now);
        memory.set(call.key, { request, reaction });
        return reaction;
      }
      if (known.request !== request) return reused(system.name, call);
      return { ...known.reaction, entries: repeated(known.reaction) };
    },
  };
}

/** A retry in other words is a retry: the order of the fields does not matter. */
function canonical({ action, reference, content }: ExternalCall): string {
  return JSON.stringify([action, reference, Object.entries(content).sort(([a], [b]) => (a < b ? -1 : 1))]);
}

/** The last entry is the call's own; those before it are what time had done by then. */
function repeated({ entries }: Reaction): Reaction["entries"] {
  const own = entries.at(-1);
  return own ? [{ ...own, type: "repeat" }] : [];
}

function reused(system: string, { action, key, reference }: ExternalCall): Reaction {
  const message = `the idempotency key ${key} was used for another request`;
  return {
    status: 422,
    body: { message },
    entries: [
      {
        type: "refusal",
        system,
        action,
        key: key ?? "",
        ...(reference === undefined ? {} : { reference }),
        data: { status: 422, message },
      },
    ],
  };
}
