import type { Checker } from "../../check/index.ts";
import type { LedgerRecord } from "../../history/index.ts";
import type { Group, Groups } from "../group.ts";
import type { AnyKind } from "../kind.ts";
import { violation } from "../violation.ts";

/**
 * Of several requests for one thing only one leads to what external systems are asked for; the others find that it is taken care
 * of. Requests with one identity are one.
 * @param thing what an entry of the ledger was for, in words; undefined when it is none of this
 */
export const ofOneRequest = <Kinds extends AnyKind>(
  groups: Groups<Kinds>,
  thing: (entry: LedgerRecord, group: Group<Kinds>) => string | undefined,
): Checker =>
  groups.every((group, view) => {
    const requestOf = ({ operation = "" }: LedgerRecord) => view.operation(operation)?.identity ?? operation;
    const known = new Map<string, LedgerRecord>();
    for (const entry of group.ledger) {
      const name = thing(entry, group);
      if (name === undefined || entry.operation === undefined) continue;
      const first = known.get(name);
      if (!first) known.set(name, entry);
      else if (requestOf(first) !== requestOf(entry))
        return violation(
          `${name} was taken care of twice: for ${first.operation}, and for ${entry.operation}.`,
          { expected: "one of them finds that it is taken care of" },
          first,
          entry,
        );
    }
    return undefined;
  });
