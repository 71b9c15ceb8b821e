/** Messages of PostgreSQL's frontend/backend protocol, version 3: https://www.postgresql.org/docs/18/protocol.html */

const CLIENT_NAMES: Readonly<Record<string, string>> = {
  B: "Bind",
  C: "Close",
  D: "Describe",
  E: "Execute",
  F: "FunctionCall",
  H: "Flush",
  P: "Parse",
  Q: "Query",
  S: "Sync",
  X: "Terminate",
  d: "CopyData",
  c: "CopyDone",
  f: "CopyFail",
  p: "PasswordMessage",
};
const SERVER_NAMES: Readonly<Record<string, string>> = {
  "1": "ParseComplete",
  "2": "BindComplete",
  "3": "CloseComplete",
  A: "NotificationResponse",
  C: "CommandComplete",
  D: "DataRow",
  E: "ErrorResponse",
  G: "CopyInResponse",
  H: "CopyOutResponse",
  I: "EmptyQueryResponse",
  K: "BackendKeyData",
  N: "NoticeResponse",
  R: "Authentication",
  S: "ParameterStatus",
  T: "RowDescription",
  V: "FunctionCallResponse",
  Z: "ReadyForQuery",
  c: "CopyDone",
  d: "CopyData",
  n: "NoData",
  s: "PortalSuspended",
  t: "ParameterDescription",
  v: "NegotiateProtocolVersion",
};

/** The codes of first messages that ask for something else than a session of version 3. */
const CANCEL_REQUEST = 80877102;
const SSL_REQUEST = 80877103;
const GSS_ENCRYPTION_REQUEST = 80877104;

export interface RawMessage {
  /** as the protocol calls it: "Query", "CommandComplete", ... */
  name: string;
  /** the whole message, as it is on the wire */
  bytes: Buffer;
  /** its content, without type and length */
  body: Buffer;
}

/** Takes one direction of a connection apart into messages. */
export class Framer {
  readonly #names: Readonly<Record<string, string>>;
  #hasTypes: boolean;
  #chunks: Buffer[] = [];
  #length = 0;
  /** how many bytes there must be before the next look: a long message is not looked at again with every chunk */
  #needed = 0;

  constructor(from: "client" | "server") {
    this.#names = from === "client" ? CLIENT_NAMES : SERVER_NAMES;
    // what a client says before its session begins has no type
    this.#hasTypes = from === "server";
  }

  /** Takes the next bytes, and returns the messages that they complete. */
  push(chunk: Buffer): RawMessage[] {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    if (this.#length < this.#needed) return [];
    let bytes = Buffer.concat(this.#chunks);
    const messages: RawMessage[] = [];
    for (;;) {
      const head = this.#hasTypes ? 5 : 4;
      this.#needed = bytes.length < head ? head : head - 4 + bytes.readInt32BE(head - 4);
      if (bytes.length < this.#needed) break;
      messages.push(this.#message(bytes.subarray(0, this.#needed), head));
      bytes = bytes.subarray(this.#needed);
    }
    this.#chunks = [bytes];
    this.#length = bytes.length;
    return messages;
  }

  #message(bytes: Buffer, head: number): RawMessage {
    const body = bytes.subarray(head);
    if (this.#hasTypes) {
      const type = String.fromCharCode(bytes[0] ?? 0);
      return { name: this.#names[type] ?? type, bytes, body };
    }
    const code = body.readInt32BE(0);
    if (code === SSL_REQUEST || code === GSS_ENCRYPTION_REQUEST) return { name: "EncryptionRequest", bytes, body };
    if (code === CANCEL_REQUEST) return { name: "CancelRequest", bytes, body };
    this.#hasTypes = true;
    return { name: "StartupMessage", bytes, body };
  }
}

/** Reads the fields of a message's body, one after the other. */
class Reader {
  readonly #body: Buffer;
  #at: number;

  constructor(body: Buffer, at = 0) {
    this.#body = body;
    this.#at = at;
  }
  text(): string {
    const end = this.#body.indexOf(0, this.#at);
    const value = this.#body.toString("utf8", this.#at, end);
    this.#at = end + 1;
    return value;
  }
  int16(): number {
    this.#at += 2;
    return this.#body.readInt16BE(this.#at - 2);
  }
  int32(): number {
    this.#at += 4;
    return this.#body.readInt32BE(this.#at - 4);
  }
  bytes(length: number): Buffer {
    this.#at += length;
    return this.#body.subarray(this.#at - length, this.#at);
  }
}

/** The parameters with which a session begins: user, database, application_name, ... */
export function readStartup(body: Buffer): Record<string, string> {
  const reader = new Reader(body, 4);
  const parameters: Record<string, string> = {};
  for (let name = reader.text(); name !== ""; name = reader.text()) parameters[name] = reader.text();
  return parameters;
}

/** The statement of a Query. */
export const readQuery = (body: Buffer): string => new Reader(body).text();

/** The tag with which a command ends, such as "UPDATE 1" or "COMMIT PREPARED". */
export const readTag = (body: Buffer): string => new Reader(body).text();

export function readParse(body: Buffer): { name: string; statement: string } {
  const reader = new Reader(body);
  return { name: reader.text(), statement: reader.text() };
}

/** Values as text; those in binary as PostgreSQL writes bytes, "\x" and hexadecimal digits. */
export function readBind(body: Buffer): { portal: string; name: string; values: (string | null)[] } {
  const reader = new Reader(body);
  const portal = reader.text();
  const name = reader.text();
  const formats = Array.from({ length: reader.int16() }, () => reader.int16());
  const values = Array.from({ length: reader.int16() }, (_, index) => {
    const length = reader.int32();
    if (length < 0) return null;
    // no format stands for text, one for all of them
    const format = (formats.length === 1 ? formats[0] : formats[index]) ?? 0;
    const value = reader.bytes(length);
    return format === 0 ? value.toString("utf8") : `\\x${value.toString("hex")}`;
  });
  return { portal, name, values };
}

/** The portal that an Execute runs. */
export const readExecute = (body: Buffer): string => new Reader(body).text();
