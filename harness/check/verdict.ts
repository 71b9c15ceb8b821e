/** What a checker says of a history. `unknown` (a budget ran out, a hold was never released) never passes. */
export type Verdict =
  | { verdict: "valid" }
  | { verdict: "invalid"; evidence: Evidence }
  | { verdict: "unknown"; reason: string };

/** Why a history is invalid, for a reader who did not write the model. */
export interface Evidence {
  /** one or two sentences that name the contradiction */
  summary: string;
  expected?: string;
  seen?: string;
  /** indices into `history.events` of the smallest set of events that contradict each other */
  events: number[];
  /** linearizability: the longest partial linearizations, as indices of the operations' invoke events, in order */
  partials?: number[][];
}
