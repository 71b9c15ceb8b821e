import * as restate from "@restatedev/restate-sdk";
import { z } from "zod";
import { endOnRefusal } from "../external/end-on-refusal.ts";
import { mail } from "../external/mail.ts";
import { objectStorage } from "../external/object-storage.ts";
import { externalRetries, uploadHold } from "../shared/configuration.ts";
import { Id } from "../shared/id.ts";

export const MailRequest = z.object({ email: Id });
export type MailRequest = z.infer<typeof MailRequest>;

/** The code of the failure of a mail about an upload that nobody has begun. */
const NEVER_BEGAN = 404;
const OBJECT = "data";

/** Uploads a user's data, once, and tells whoever asks where it is: with the answer of `run`, or by mail. */
export const dataUploader = restate.workflow({
  name: "dataUploader",
  handlers: {
    /** Answers the URL under which the data can be read, for ever. */
    run: async (ctx: restate.WorkflowContext): Promise<string> => {
      await ctx.promise<restate.InvocationId>("run").resolve(ctx.request().id);

      // the same in every attempt, so that there is one bucket
      const bucket = ctx.rand.uuidv4();
      const tagOf = (step: string) => ({ key: `${bucket}/${step}`, reference: ctx.key });
      const step = <T>(name: string, action: () => Promise<T>) =>
        ctx.run(name, () => action().catch(endOnRefusal), externalRetries());

      await step("create bucket", () => objectStorage.createBucket(bucket, tagOf("create")));
      await step("upload", () => objectStorage.putObject(bucket, OBJECT, `Data of ${ctx.key}`, tagOf("upload")));
      return step("address", () => objectStorage.address(bucket, OBJECT));
    },

    /** Waits for the URL and mails it. Whoever asks again with the same address waits as well, and there is one mail. */
    resultAsEmail: restate.handlers.workflow.shared(
      { input: restate.serde.schema(MailRequest) },
      async (ctx: restate.WorkflowSharedContext, { email }: MailRequest): Promise<void> => {
        const url = await urlOf(ctx);
        const message = { to: email, subject: "Your upload", text: `Your data is at ${url}` };
        const tag = { key: JSON.stringify([url, email]), reference: ctx.key };
        await ctx.run("mail", () => mail.send(message, tag).catch(endOnRefusal), externalRetries());
      },
    ),
  },
});

/**
 * The URL that `run` answers, as soon as it does. Fails as `run` fails, or when it does not begin in time.
 *
 * What `run` leaves in a promise is not the URL but its own invocation: one that is terminated runs no code, so it could not
 * reject the promise of its URL, while whoever is attached to it is told of every end.
 */
async function urlOf(ctx: restate.WorkflowSharedContext): Promise<string> {
  const run = ctx.promise<restate.InvocationId>("run").get();
  return ctx.attach<string>(await run.orTimeout(uploadHold()).catch(neverBegan(ctx.key)));
}

const neverBegan = (user: string) => (error: unknown) => {
  if (!(error instanceof restate.TimeoutError)) throw error;
  throw new restate.TerminalError(`no upload of ${user} has begun`, { errorCode: NEVER_BEGAN });
};
