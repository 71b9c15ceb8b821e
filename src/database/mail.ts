import { z } from "zod";
import { change, type Tag } from "../external/http.ts";

const Sent = z.object({ id: z.string() });

export const mail = {
  /** Sends a message. With the key of one that was sent it does nothing. */
  send: (message: { to: string; subject: string; text: string }, tag: Tag) =>
    change("mail", "messages", message, tag, Sent),
};
