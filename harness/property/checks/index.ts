import type { Checker } from "../../check/index.ts";
import type { KindDefinition } from "../definition.ts";
import { answeredUnlessDisturbed } from "./answered-unless-disturbed.ts";
import { answersHaveTheirShape } from "./answers-have-their-shape.ts";
import { badInputIsRefused } from "./bad-input-is-refused.ts";
import { failsForAReason } from "./fails-for-a-reason.ts";
import { idempotent } from "./idempotent.ts";
import { replaysDeterministically } from "./replays-deterministically.ts";
import { servicesStayUp } from "./services-stay-up.ts";
import { terminates } from "./terminates.ts";

type Shared = Readonly<Record<string, (kinds: ReadonlyMap<string, KindDefinition>) => Checker>>;

/** What is judged first: where one of these fails, what the others say means nothing. */
export const alwaysFirst: Shared = {
  "services stay up": () => servicesStayUp,
  terminates: () => terminates,
  "replays deterministically": () => replaysDeterministically,
  "answers have their shape": answersHaveTheirShape,
  "bad input is refused": badInputIsRefused,
};

/** What every property checks besides its own invariants. */
export const alwaysToo: Shared = {
  idempotent,
  "fails for a reason": failsForAReason,
  "answered unless disturbed": () => answeredUnlessDisturbed,
};
