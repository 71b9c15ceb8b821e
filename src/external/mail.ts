import { z } from "zod";
import { encodeId } from "./encode-id.ts";
import { bearer, request, type Tag } from "./http.ts";

const Sent = z.object({ id: z.string() });

export interface Mail {
  to: string;
  subject: string;
  text: string;
}
const send = (method: "PUT" | "POST", path: string, mail: Mail, reference: string) =>
  request(
    { system: "mail", action: "send", method, path, headers: bearer("mail"), json: { ...mail, reference } },
    Sent,
  );

export const mail = {
  /** Sends a mail, once for each key. */
  send: (message: Mail, { key, reference }: Tag) => send("PUT", `/messages/${encodeId(key)}`, message, reference),
  /** Sends a mail each time that it is called: when it is called again because its answer was lost, there are two. */
  sendUnkeyed: (message: Mail, { reference }: Pick<Tag, "reference">) => send("POST", "/messages", message, reference),
};
