import type { Checker } from "../../check/index.ts";
import { viewOf } from "../../history/index.ts";
import type { KindDefinition } from "../definition.ts";
import { InvalidInputDefinition } from "../invalid-input.ts";
import { textOf, violation } from "../violation.ts";

const BAD_REQUEST = 400;
/** What a server that has just started answers, for a moment in which it does not know its services yet. */
const UNKNOWN = 404;

/** What makes no sense is refused with 400, by the name of what is wrong, and nothing comes of it. */
export const badInputIsRefused =
  (kinds: ReadonlyMap<string, KindDefinition>): Checker =>
  (history) => {
    const view = viewOf(history);
    for (const one of view.operations) {
      const definition = kinds.get(one.kind);
      if (!(definition instanceof InvalidInputDefinition)) continue;
      const field = definition.field(one.args);
      const effects = view.ledger.filter(({ operation }) => operation === one.id);
      const { code, message } = one.error ?? { code: 0, message: "" };
      const isRestarted = view.faults.some(({ kind }) => kind === "kill-server");
      const isRefused =
        code === BAD_REQUEST
          ? message.includes(field)
          : definition.failsWith(one, view).includes(code) || (code === UNKNOWN && isRestarted);
      if (effects.length === 0 && (isRefused || (!one.error && one.result === undefined))) continue;
      const seen = one.error ? `${one.error.code} ${one.error.message}` : textOf(one.result);
      const what = effects.length > 0 ? "had an effect" : `was answered ${seen}`;
      return {
        verdict: "invalid",
        evidence: violation(
          `${one} makes no sense: its ${field || "input"} is wrong. It ${what}.`,
          { expected: `${BAD_REQUEST}${field && `, naming ${field},`} and no effect`, seen },
          one,
          effects,
        ),
      };
    }
    return { verdict: "valid" };
  };
