import { namedBytes } from "../chance.ts";

/**
 * Identifiers, in the form that Restate gives them: a prefix with the version, then base 62.
 * docs.restate.dev/services/invocation/managing-invocations, "Invocation ID".
 */

/** 8 bytes of partition key, 16 bytes of the invocation's own. */
export interface InvocationId {
  readonly text: string;
  readonly bytes: Uint8Array;
}

export interface IdParts {
  service: string;
  handler: string;
  /** of an object or a workflow */
  key?: string | undefined;
  idempotencyKey?: string | undefined;
  /** it is the workflow's `run` */
  isRun?: boolean;
  /** tells apart what nothing else does: a stable name */
  name: string;
}

/**
 * Invocations of one key share its partition key. What must be found again, by idempotency key or as the run of a
 * workflow, is named by what it is found by; everything else by its name, where Restate draws at random.
 */
export function invocationId({ service, handler, key, idempotencyKey, isRun, name }: IdParts): InvocationId {
  const own = isRun
    ? `run ${service}/${key}`
    : idempotencyKey !== undefined
      ? `once ${service}/${key ?? ""}/${handler} ${idempotencyKey}`
      : `new ${name}`;
  const place = key !== undefined ? `key ${key}` : own;
  const bytes = Buffer.concat([namedBytes(place, 8), namedBytes(own, 16)]);
  return { bytes, text: textOf(bytes) };
}

export const textOf = (bytes: Buffer): string =>
  `inv_1${base62(bytes.readBigUInt64BE(0), 11)}${base62(
    (bytes.readBigUInt64BE(8) << 64n) | bytes.readBigUInt64BE(16),
    22,
  )}`;

const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

function base62(value: bigint, length: number): string {
  let text = "";
  let rest = value;
  for (let i = 0; i < length; i++) {
    text = DIGITS[Number(rest % 62n)] + text;
    rest /= 62n;
  }
  return text;
}

/** Why a text is no invocation id; nothing when it may be one. */
export function flawOfInvocationId(text: string): string | undefined {
  if (!/^[a-z]+_1/.test(text)) return "bad format";
  if (!text.startsWith("inv_1")) return "id doesn't match the expected type";
  if (text.length !== 38) return "bad length";
  return /^inv_1[0-9A-Za-z]+$/.test(text) ? undefined : "bad format";
}

/** An awakeable is a signal of its invocation, addressed by the invocation's bytes and the number of the signal. */
export function parseAwakeableId(text: string): { invocation: string; signal: number } | string {
  if (!/^[a-z]+_1/.test(text)) return "bad format";
  const raw = Buffer.from(text.replace(/^sign_1/, ""), "base64url");
  if (!text.startsWith("sign_1") || raw.length !== 28) return "id doesn't match the expected type";
  return { invocation: textOf(raw.subarray(0, 24)), signal: raw.readUInt32BE(24) };
}
