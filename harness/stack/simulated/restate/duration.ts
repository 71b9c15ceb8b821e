const UNITS: Record<string, number> = {
  ms: 1,
  s: 1000,
  sec: 1000,
  secs: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
const ISO = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/;
const FRIENDLY = /^(?:\s*(\d+(?:\.\d+)?)\s*(ms|secs?|s|min|m|h|d)\s*)+$/;

/** A duration in milliseconds, from ISO 8601 ("PT1.5S") or the form that people write ("1m 30s"); nothing when it is neither. */
export function parseDuration(text: string): number | undefined {
  const iso = ISO.exec(text);
  if (iso) {
    const [days = 0, hours = 0, minutes = 0, seconds = 0] = iso.slice(1).map((part) => Number(part ?? 0));
    return (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000;
  }
  if (!FRIENDLY.test(text)) return undefined;
  let sum = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)\s*(ms|secs?|s|min|m|h|d)/g))
    sum += Number(amount) * UNITS[unit!]!;
  return sum;
}
