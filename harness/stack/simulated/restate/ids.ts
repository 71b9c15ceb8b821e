import { writeNamed } from "../chance.ts";

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
  const bytes = Buffer.allocUnsafe(24);
  writeNamed(bytes, 0, 8, key !== undefined ? `key ${key}` : own);
  writeNamed(bytes, 8, 24, own);
  return { bytes, text: textOf(bytes) };
}

export const textOf = (bytes: Uint8Array): string =>
  `inv_1${base62(bytes.subarray(0, 8), 11)}${base62(bytes.subarray(8, 24), 22)}`;

const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** A big-endian number in base 62, by long division, two bytes at a time. */
function base62(bytes: Uint8Array, length: number): string {
  const limbs: number[] = [];
  for (let at = 0; at < bytes.length; at += 2) limbs.push(bytes[at]! * 256 + bytes[at + 1]!);
  let text = "";
  for (let digit = 0; digit < length; digit++) {
    let rest = 0;
    for (let i = 0; i < limbs.length; i++) {
      const value = rest * 65_536 + limbs[i]!;
      const quotient = (value / 62) | 0;
      limbs[i] = quotient;
      rest = value - quotient * 62;
    }
    text = DIGITS[rest] + text;
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
