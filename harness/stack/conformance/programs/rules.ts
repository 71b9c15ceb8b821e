import { isKnown } from "./facts.ts";

/** The rules of FIDELITY.md by which the model need not show a run of the real server message by message. */
export type Rule = "interleaving";

type Recogniser = (facts: ReadonlySet<string>, known: ReadonlySet<string>) => boolean;

const RECOGNISERS: Readonly<Record<Rule, Recogniser>> = {
  interleaving: (facts, known) => [...facts].every((fact) => isKnown(fact, known)),
};
const RULES: readonly Rule[] = ["interleaving"];

/**
 * The rule that explains why a run of the real server was not met.
 * @param facts what the real run shows
 * @param known what the runs of the model show
 */
export const ruleFor: (...seen: Parameters<Recogniser>) => Rule | undefined = (facts, known) =>
  RULES.find((rule) => RECOGNISERS[rule](facts, known));
