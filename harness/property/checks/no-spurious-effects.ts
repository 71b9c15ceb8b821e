import type { Checker } from "../../check/index.ts";
import { type LedgerRecord, viewOf } from "../../history/index.ts";
import type { Groups } from "../group.ts";
import { violation } from "../violation.ts";

/**
 * Nothing happened that nobody had asked for by then.
 * @param of what an effect must have been asked for; by default all of the groups' effects are judged
 */
export const noSpuriousEffects =
  (groups: Groups, isConcerned: (entry: LedgerRecord) => boolean = () => true): Checker =>
  (history) => {
    const view = viewOf(history);
    for (const entry of view.ledger) {
      if (entry.type === "lapse" || !isConcerned(entry)) continue;
      const key = groups.keyOfEffect(entry, view);
      if (key !== undefined && groups.isAsked(key, entry.index, view)) continue;
      const what = `${entry.system}: ${entry.action} for ${key ?? "nobody"} ${entry.type === "effect" ? "happened" : "was tried"}`;
      const asked = groups.in(view).find((group) => group.key === key)?.operations[0];
      return {
        verdict: "invalid",
        evidence: asked
          ? violation(`${what} before anybody asked for it.`, {}, entry, asked)
          : violation(`${what}, and nobody ever asked for it.`, {}, entry),
      };
    }
    return { verdict: "valid" };
  };
