import { isDeepStrictEqual } from "node:util";
import type { Checker } from "../../check/index.ts";
import type { LedgerRecord } from "../../history/index.ts";
import type { Json } from "../../plan/index.ts";
import type { Group, Groups } from "../group.ts";
import type { AnyKind } from "../kind.ts";
import { violation } from "../violation.ts";

/**
 * Effects carry what was asked for: the amounts, ids and texts of the request, unchanged.
 * @param expected what an effect must carry, as fields of its data; any one of them when there are several; undefined when it
 *   is none of this
 */
export const effectsCarry = <Kinds extends AnyKind>(
  groups: Groups<Kinds>,
  expected: (
    entry: LedgerRecord,
    group: Group<Kinds>,
  ) => Readonly<Record<string, Json>> | readonly Readonly<Record<string, Json>>[] | undefined,
): Checker =>
  groups.every((group) => {
    for (const entry of group.effects) {
      const wanted = expected(entry, group);
      if (wanted === undefined) continue;
      const choices = Array.isArray(wanted) ? wanted : [wanted];
      if (choices.some((fields) => carries(entry.data, fields))) continue;
      return violation(
        `${entry.system}: ${entry.action} for ${group.key} carries something else than was asked for.`,
        {
          expected: choices.map((fields) => JSON.stringify(fields)).join(" or "),
          seen: JSON.stringify(entry.data ?? null),
        },
        entry,
        group.operations,
      );
    }
    return undefined;
  });

const carries = (data: Json | undefined, fields: Readonly<Record<string, Json>>): boolean =>
  Object.entries(fields).every(([name, value]) => isDeepStrictEqual(fieldOf(data, name), value));

/** A field of a value; undefined where it has none. */
export const fieldOf = (data: Json | Readonly<Record<string, Json>> | undefined, name: string): Json | undefined =>
  typeof data === "object" && data !== null && !Array.isArray(data) ? data[name] : undefined;
