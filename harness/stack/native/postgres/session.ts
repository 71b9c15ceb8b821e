import type { ProxiedConnection, Relays } from "../tcp-proxy.ts";
import {
  Framer,
  type RawMessage,
  readBind,
  readExecute,
  readParse,
  readQuery,
  readStartup,
  readTag,
} from "./messages.ts";

/** A message between a client and PostgreSQL, before it is delivered. */
export interface PostgresMessage {
  /** counts the connections through the proxy, from 1 */
  connection: number;
  /** the name that the client gave itself (application_name); empty when it gave none */
  application: string;
  direction: "to-server" | "to-client";
  /** as the protocol calls it: "Query", "Parse", "Bind", "Execute", "CommandComplete", "ErrorResponse", ... */
  name: string;
  /** the statement that the message carries or runs, or the one that it answers */
  statement?: string;
  /** the values of that statement, as text */
  values?: readonly (string | null)[];
  /** how the command ended, such as "COMMIT PREPARED", in a CommandComplete */
  tag?: string;
}

/**
 * Asked about each message before it is delivered. `undefined` lets it pass, "cut" breaks the connection in its place; a
 * promise holds the message, and what follows it in its direction, until it settles.
 */
export type MessageHook = (message: PostgresMessage) => undefined | "cut" | Promise<undefined | "cut">;

/** What a client asked for, up to the next ReadyForQuery. */
interface Exchange {
  /** a Query may hold several statements, each with an end of its own: all of them are its answer */
  isQuery: boolean;
  runs: { statement: string; values?: readonly (string | null)[] }[];
  /** how many of them have been answered */
  answered: number;
}

/** Messages that end the answer to one Execute; to a Query, ReadyForQuery alone does. */
const LAST_OF_A_RUN: ReadonlySet<string> = new Set(["CommandComplete", "EmptyQueryResponse", "PortalSuspended"]);
/** "no" to the wish for an encrypted session */
const NO_ENCRYPTION = Buffer.from("N");

/** Follows one session through the proxy: which message belongs to which statement. */
export class Session {
  readonly #connection: ProxiedConnection;
  readonly #hook: MessageHook;
  readonly #fromClient = new Framer("client");
  readonly #fromServer = new Framer("server");
  readonly #prepared = new Map<string, string>();
  readonly #portals = new Map<string, Exchange["runs"][number]>();
  /** those whose answer is not complete, the oldest first */
  readonly #exchanges: Exchange[] = [];
  /** the last of them, while the client may still add to it */
  #open: Exchange | undefined;
  #application = "";

  constructor(connection: ProxiedConnection, hook: MessageHook) {
    this.#connection = connection;
    this.#hook = hook;
  }

  /** The session of a connection, for the proxy. */
  static relays(connection: ProxiedConnection, hook: MessageHook): Relays {
    const session = new Session(connection, hook);
    return {
      toServer: (chunk, pass) => session.#relay(session.#fromClient.push(chunk), "to-server", pass),
      toClient: (chunk, pass) => session.#relay(session.#fromServer.push(chunk), "to-client", pass),
    };
  }

  async #relay(
    messages: RawMessage[],
    direction: PostgresMessage["direction"],
    pass: (bytes: Buffer) => void,
  ): Promise<void> {
    for (const raw of messages) {
      // the proxy must be able to read along
      if (raw.name === "EncryptionRequest") {
        this.#connection.answer(NO_ENCRYPTION);
        continue;
      }
      const content = direction === "to-server" ? this.#asked(raw) : this.#answered(raw);
      const verdict = this.#hook({
        connection: this.#connection.number,
        application: this.#application,
        direction,
        name: raw.name,
        ...content,
      });
      // most messages pass at once: no promise for them
      if ((verdict instanceof Promise ? await verdict : verdict) === "cut") return this.#connection.cut();
      pass(raw.bytes);
    }
  }

  #asked({ name, body }: RawMessage): Partial<PostgresMessage> {
    switch (name) {
      case "StartupMessage":
        this.#application = readStartup(body).application_name ?? "";
        return {};
      case "Query": {
        const statement = readQuery(body);
        this.#exchanges.push({ isQuery: true, runs: [{ statement }], answered: 0 });
        return { statement };
      }
      case "Parse": {
        const { name, statement } = readParse(body);
        this.#prepared.set(name, statement);
        return { statement };
      }
      case "Bind": {
        const { portal, name, values } = readBind(body);
        const run = { statement: this.#prepared.get(name) ?? "", values };
        this.#portals.set(portal, run);
        return run;
      }
      case "Execute": {
        const run = this.#portals.get(readExecute(body)) ?? { statement: "" };
        this.#current().runs.push(run);
        return run;
      }
      case "Sync":
        this.#current();
        this.#open = undefined;
        return {};
      default:
        return {};
    }
  }

  #current(): Exchange {
    if (!this.#open) {
      this.#open = { isQuery: false, runs: [], answered: 0 };
      this.#exchanges.push(this.#open);
    }
    return this.#open;
  }

  #answered({ name, body }: RawMessage): Partial<PostgresMessage> {
    const [exchange] = this.#exchanges;
    const run = exchange?.runs[exchange.answered];
    if (name === "ReadyForQuery") this.#exchanges.shift();
    else if (exchange && !exchange.isQuery && LAST_OF_A_RUN.has(name)) exchange.answered++;
    return { ...run, ...(name === "CommandComplete" && { tag: readTag(body) }) };
  }
}
