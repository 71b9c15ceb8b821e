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

const DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

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
  const flaw = flawOfHead(text);
  if (flaw) return flaw;
  if (!text.startsWith("inv_1")) return WRONG_TYPE;
  if (text.length !== 38) return "bad length";
  const [partition, own] = [text.slice(5, 16), text.slice(16)];
  return fits(partition, 64n) && fits(own, 128n) ? undefined : "base62 decode error";
}

/** True when a text is a number in base 62 of so many bits. */
function fits(text: string, bits: bigint): boolean {
  let number = 0n;
  for (const digit of text) {
    if (!DIGITS.includes(digit)) return false;
    number = number * 62n + BigInt(DIGITS.indexOf(digit));
  }
  return number < 1n << bits;
}

const WRONG_TYPE = "id doesn't match the expected type";
const TYPES = new Set(["inv", "sign", "prom", "dp", "sub"]);

/** What is wrong with the type and the version of an id: what comes first is judged first. */
function flawOfHead(text: string): string | undefined {
  if (text === "") return "bad length";
  const end = text.indexOf("_");
  if (end < 0) return "bad format";
  const type = text.slice(0, end);
  if (!TYPES.has(type)) return `unrecognized resource type: ${type}`;
  const version = text.at(end + 1);
  if (version === undefined) return "bad length";
  return version === "1" ? undefined : "unrecognized codec version";
}

/**
 * An awakeable is a signal of its invocation, addressed by the invocation's bytes and the number of the signal. Those of
 * earlier protocols, `prom_1...`, are nobody's here.
 * @returns why it is none, in the words of the server, or what it addresses
 */
export function parseAwakeableId(text: string): { invocation: string; signal: number } | string {
  const flaw = flawOfHead(text);
  if (flaw) return flaw;
  const [, type, content = ""] = /^(sign|prom)_1(.*)$/s.exec(text) ?? [];
  const raw = Buffer.from(content, "base64url");
  // padding is optional; what the encoding does not need must be zero
  const isEncoded = raw.length === 28 && raw.toString("base64url") === content.replace(/={1,2}$/, "");
  if (type === "prom" && content.length !== 38) return "bad length";
  if (type === "prom" && !isEncoded) return "base62 decode error";
  if (!isEncoded) return WRONG_TYPE;
  return { invocation: textOf(raw.subarray(0, 24)), signal: type === "prom" ? 0 : raw.readUInt32BE(24) };
}
