import * as clients from "@restatedev/restate-sdk-clients";
import { ingressUrl, uploadWait } from "../shared/configuration.ts";
import { answerOf, NoAnswer } from "../shared/ingress.ts";
import { keyInPath } from "../shared/spelling.ts";
import type { dataUploader } from "./data-uploader.ts";

/** How a user learns where the data is; and which invocation mails it. */
export type Upload = { url: string } | { mailedTo: string; invocationId: string };

/**
 * Has a user's data uploaded, and answers the URL if that is quick. Otherwise the URL will be mailed, and nobody need wait
 * for it. It may be called as often as needed: the data is uploaded once.
 *
 * @throws a `TerminalError` where the upload failed meanwhile, a `NoAnswer` when Restate does not answer
 */
export async function upload(user: string, email: string): Promise<Upload> {
  const ingress = clients.connect({ url: ingressUrl(), retry: true });
  const key = keyInPath(user);
  const uploader = ingress.workflowClient<typeof dataUploader>({ name: "dataUploader" }, key);
  await answerOf(uploader.workflowSubmit());

  const url = await withinWait((signal) => answerOf(uploader.workflowAttach(clients.rpc.opts({ signal }))));
  if (url !== undefined) return { url };

  const { invocationId } = await answerOf(
    ingress.send({
      service: "dataUploader",
      handler: "resultAsEmail",
      key,
      parameter: { email },
      // known to this call alone: an earlier mail may have failed that can be sent now
      opts: clients.rpc.sendOpts({ idempotencyKey: crypto.randomUUID() }),
    }),
  );
  return { mailedTo: email, invocationId };
}

/** What is answered within the time that a user waits; undefined when nothing is. */
async function withinWait<T>(ask: (signal: AbortSignal) => Promise<T>): Promise<T | undefined> {
  const wait = new AbortController();
  const timer = setTimeout(() => wait.abort(), uploadWait());
  try {
    return await ask(wait.signal);
  } catch (error) {
    if (error instanceof NoAnswer) return undefined;
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
