import * as restate from "@restatedev/restate-sdk";
import { z } from "zod";
import { inContext } from "./in-context.ts";
import type { Outcome } from "./outcome.ts";
import { ErrorMessage, promises, Value } from "./promises.ts";

const Name = { promiseName: z.string().min(1) };
const Named = z.object({ request: z.object(Name) });
const Resolution = z.object({ request: z.object({ ...Name, value: Value }) });
const Rejection = z.object({ request: z.object({ ...Name, errorMessage: ErrorMessage }) });

/** Promises for those who cannot leave an awakeable: `await` answers when the promise is completed. */
export const durablePromiseServer = restate.service({
  name: "durablePromiseServer",
  handlers: {
    peek: restate.handlers.handler(
      { input: restate.serde.schema(Named) },
      (ctx: restate.Context, { request }: z.infer<typeof Named>): Promise<Outcome | null> =>
        inContext(ctx, request.promiseName).peek(),
    ),

    await: restate.handlers.handler(
      { input: restate.serde.schema(Named) },
      (ctx: restate.Context, { request }: z.infer<typeof Named>): Promise<Outcome> =>
        inContext(ctx, request.promiseName).await(),
    ),

    resolve: restate.handlers.handler(
      { input: restate.serde.schema(Resolution) },
      (ctx: restate.Context, { request }: z.infer<typeof Resolution>): Promise<Outcome> =>
        inContext(ctx, request.promiseName).resolve(request.value),
    ),

    reject: restate.handlers.handler(
      { input: restate.serde.schema(Rejection) },
      (ctx: restate.Context, { request }: z.infer<typeof Rejection>): Promise<Outcome> =>
        inContext(ctx, request.promiseName).reject(request.errorMessage),
    ),

    dispose: restate.handlers.handler(
      { input: restate.serde.schema(Named) },
      async (ctx: restate.Context, { request }: z.infer<typeof Named>): Promise<void> =>
        ctx.objectClient(promises, request.promiseName).dispose(),
    ),
  },
});
