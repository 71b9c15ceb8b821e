import { type ContentOfType, codecOf, type MessageTypeNumber } from "./types.ts";

/** One message on the wire: 8 bytes of header (type u16, flags u16, length u32, big-endian), then its body. */
export interface Frame {
  type: number;
  flags: number;
  /** the whole frame, header included */
  bytes: Uint8Array;
  body: Uint8Array;
}

const HEADER = 8;

/** Encodes a message as a whole frame. Throws when the type is unknown. */
export function encode<T extends MessageTypeNumber>(type: T, message: Partial<ContentOfType<T>>): Uint8Array;
export function encode(type: number, message: object): Uint8Array;
export function encode(type: number, message: object): Uint8Array {
  return frameOf(type, message).bytes;
}

/** Encodes a message as a frame that is in one piece already. Throws when the type is unknown. */
export function frameOf<T extends MessageTypeNumber>(type: T, message: Partial<ContentOfType<T>>): Frame;
export function frameOf(type: number, message: object): Frame;
export function frameOf(type: number, message: object): Frame {
  const body = codecOf(type).encode(message);
  const bytes = Buffer.allocUnsafe(HEADER + body.length);
  bytes.writeUInt16BE(type, 0);
  bytes.writeUInt16BE(0, 2);
  bytes.writeUInt32BE(body.length, 4);
  bytes.set(body, HEADER);
  return { type, flags: 0, bytes, body };
}

/**
 * Decodes the body of a message; bytes fields are views on it, and the result is to be read only. Throws an error that
 * names a type that is unknown.
 */
export function decode<T extends MessageTypeNumber>(type: T, body: Uint8Array): ContentOfType<T>;
export function decode(type: number, body: Uint8Array): Record<string, unknown>;
export function decode(type: number, body: Uint8Array): object {
  if (latest?.type !== type || latest.body !== body) latest = { type, body, content: codecOf(type).decode(body) };
  return latest.content;
}

/** A message on its way is looked at by several, one after the other. */
let latest: { type: number; body: Uint8Array; content: object } | undefined;

/**
 * Splits a byte stream into frames. Frames are views on the chunks where they can be: a caller whose chunks are reused
 * after the call copies them first. An incomplete frame waits as a list of chunks and is joined once, so that a large
 * message costs its own length however small its chunks are.
 */
export class Framer {
  #chunks: Uint8Array[] = [];
  #length = 0;
  /** bytes needed before it is worth looking again */
  #needed = HEADER;

  /** Takes the next bytes; gives the frames that they complete, in order. */
  push(chunk: Uint8Array): Frame[] {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    if (this.#length < this.#needed) return [];
    const buffer = this.#join();
    const frames: Frame[] = [];
    let at = 0;
    this.#needed = HEADER;
    while (buffer.length - at >= HEADER) {
      const size = HEADER + buffer.readUInt32BE(at + 4);
      if (buffer.length - at < size) {
        this.#needed = size;
        break;
      }
      frames.push({
        type: buffer.readUInt16BE(at),
        flags: buffer.readUInt16BE(at + 2),
        bytes: buffer.subarray(at, at + size),
        body: buffer.subarray(at + HEADER, at + size),
      });
      at += size;
    }
    this.#length = buffer.length - at;
    this.#chunks = this.#length > 0 ? [buffer.subarray(at)] : [];
    return frames;
  }

  /** How many bytes of an incomplete frame are waiting. */
  get pending(): number {
    return this.#length;
  }

  #join(): Buffer {
    const [only] = this.#chunks;
    if (this.#chunks.length === 1 && only) return Buffer.from(only.buffer, only.byteOffset, only.byteLength);
    return Buffer.concat(this.#chunks, this.#length);
  }
}
