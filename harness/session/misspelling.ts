/** The variables that a run reads. */
export const variables = ["SEED", "BUDGET", "RUNS", "STACK", "REPLAY", "SUBJECT", "MUTANTS", "ONLY", "SKIP"] as const;

/**
 * Words that are one letter away from a variable of ours and are words themselves: others may use them. The plurals and
 * singulars of ours are not among them.
 */
const words: ReadonlySet<string> = new Set([
  ...["SEE", "SEEN", "SEEM", "SEEK", "SEEP", "SEER", "SEES", "SEEDY", "SEND", "SPEED", "STEED", "SHED", "SLED", "SUED"],
  ...["FEED", "NEED", "HEED", "WEED", "REED", "DEED", "BUDGE", "BUDGED", "BUDGES"],
  ...["RUNG", "RUNE", "RUNT", "RUNGS", "RUNES", "RUNTS", "RUINS", "BUNS", "GUNS", "NUNS", "PUNS", "SUNS", "URNS"],
  ...["RUBS", "RUGS", "RUMS", "RUTS", "STOCK", "STICK", "STUCK", "STARK", "STALK", "SLACK", "SMACK", "SNACK", "SHACK"],
  ...["SACK", "TACK", "RELAY", "REPAY", "REPLY", "OILY", "SKI", "SKIN", "SKIM", "SKID", "SKIT", "SHIP", "SLIP"],
  ...["SNIP", "KIP", "SIP"],
]);

/**
 * A name that looks like a misspelling of a variable of ours: in capitals, one letter missing, too many, another, or two
 * letters exchanged (Damerau and Levenshtein's distance 1), and no word itself.
 *
 * @returns the name and what was probably meant; undefined when there is none
 */
export function misspelling(names: readonly string[]): { name: string; meant: string } | undefined {
  for (const name of names) {
    if (!/^[A-Z]+$/.test(name) || words.has(name) || variables.some((one) => one === name)) continue;
    const meant = variables.find((one) => isOneLetterAway(name, one));
    if (meant !== undefined) return { name, meant };
  }
  return undefined;
}

function isOneLetterAway(a: string, b: string): boolean {
  let start = 0;
  while (start < a.length && a[start] === b[start]) start++;
  const [restOfA, restOfB] = [a.slice(start), b.slice(start)];
  const isExchanged =
    restOfA[0] === restOfB[1] &&
    restOfA[1] === restOfB[0] &&
    restOfA.slice(2) === restOfB.slice(2) &&
    restOfA.length > 1;
  return (
    isExchanged || restOfA.slice(1) === restOfB || restOfA === restOfB.slice(1) || restOfA.slice(1) === restOfB.slice(1)
  );
}
