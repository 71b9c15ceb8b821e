import { z } from "zod";
import { bearer } from "./authentication.ts";
import { json } from "./body.ts";
import type { Call } from "./call.ts";
import { externalSystem } from "./external-system.ts";
import { inPath } from "./idempotency.ts";
import type { Reaction } from "./system.ts";

/** An address that takes no mail. */
export const UNKNOWN_ADDRESS = "nobody@unknown.example";

const Message = z.strictObject({
  to: z.string().min(1),
  subject: z.string(),
  text: z.string(),
  reference: z.string().optional(),
});

/**
 * Mail, by two routes. What is put under a key is sent once; what is posted is sent each time that it is asked for:
 *
 *     PUT  /messages/:key {to, subject, text, reference?}  -> {id}
 *     POST /messages      {to, subject, text, reference?}  -> {id}
 */
export const mail = externalSystem("mail", () => undefined)
  .authenticatedBy(bearer)
  .route("PUT /messages/:key", { action: "send", body: json(Message), key: inPath("key") }, send)
  .route("POST /messages", { action: "send", body: json(Message) }, send);

type Sending = Call<undefined, string, z.infer<typeof Message>>;

function send({ key, body: { reference, ...message }, changed, refused }: Omit<Sending, "params">): Reaction {
  if (message.to === UNKNOWN_ADDRESS) return refused(422, `${message.to} is unknown`, { key, reference });
  return changed({ key, reference, data: { state: "sent", ...message } }, { id: key }, { status: 202 });
}
