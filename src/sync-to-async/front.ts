import { bodyOf, frontApp, idIn } from "../shared/front-app.ts";
import { MailRequest } from "./data-uploader.ts";
import { upload } from "./upload-client.ts";

/**
 * `POST /uploads/:user {email}` uploads the user's data, and answers 200 with the `url`, or 202 with the address to which
 * it is going to be mailed.
 */
export const front = frontApp((app) =>
  app.post("/uploads/:user", async (c) => {
    const user = idIn(c, "user");
    const { email } = await bodyOf(c, MailRequest);
    const answer = await upload(user, email);
    if ("url" in answer) return c.json(answer);
    const { invocationId, ...promise } = answer;
    return c.json(promise, 202, { "x-restate-id": invocationId });
  }),
);
