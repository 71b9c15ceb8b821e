import { z } from "zod";

/** "sign_1", then the invocation that waits (24 bytes) and the number of one of its signals (4 bytes), in base 64. */
const PREFIX = "sign_1";
const [INVOCATION_BYTES, NUMBER_BYTES] = [24, 4];
/** Lower numbers are signals of Restate's own: the first one cancels the invocation. */
const FIRST_AWAKEABLE = 17;

/**
 * The id of an awakeable, of any invocation, whether it still waits or not. Restate refuses to complete what is none, again
 * and again: an invocation that tries to never ends, and an object that it is of is blocked for ever.
 */
export const AwakeableId = z
  .string("awakeable must be a string")
  .refine(isAwakeableId, "awakeable must be the id of an awakeable");

function isAwakeableId(id: string): boolean {
  const content = id.slice(PREFIX.length);
  const bytes = Buffer.from(content, "base64url");
  // what is decoded leniently is not written alike
  const isWhole = bytes.length === INVOCATION_BYTES + NUMBER_BYTES && bytes.toString("base64url") === content;
  return id.startsWith(PREFIX) && isWhole && bytes.readUInt32BE(INVOCATION_BYTES) >= FIRST_AWAKEABLE;
}
