import * as restate from "@restatedev/restate-sdk";
import { z } from "zod";
import { AwakeableId } from "../shared/awakeable-id.ts";
import { Id } from "../shared/id.ts";

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** How a promise was completed. It is there from the completion on, so that `{ value: null }` is not a pending promise. */
export type Outcome = { value: Json } | { error: string };

/** The code of the failure of those who waited for a promise that was disposed of. */
const GONE = 410;

/** Not `z.json()`, which copies what it reads and leaves members named `__proto__` out. */
export const Value: z.ZodType<Json> = z
  .unknown()
  .refine((value) => value !== undefined, "value is missing") as z.ZodType<Json>;
export const ErrorMessage = z.string("errorMessage must be a string");

/**
 * A promise, by its id: it is completed once, and whoever asks is told the same. Who wants to wait leaves an awakeable
 * (`await`), and does not keep others from the promise meanwhile.
 */
export const promises = restate.object({
  name: "promises",
  handlers: {
    /** Answers the outcome that stands: this value, unless the promise was completed before. */
    resolve: restate.handlers.object.exclusive(
      { input: restate.serde.schema(Value) },
      (ctx: restate.ObjectContext<PromiseState>, value: Json): Promise<Outcome> => complete(ctx, { value }),
    ),

    /** Answers the outcome that stands. */
    reject: restate.handlers.object.exclusive(
      { input: restate.serde.schema(ErrorMessage) },
      (ctx: restate.ObjectContext<PromiseState>, error: string): Promise<Outcome> => complete(ctx, { error }),
    ),

    /** The outcome; null while there is none. */
    peek: restate.handlers.object.shared(
      (ctx: restate.ObjectSharedContext<PromiseState>): Promise<Outcome | null> => ctx.get("outcome"),
    ),

    /** Has the awakeable resolved with the outcome, now or as soon as there is one. */
    await: restate.handlers.object.exclusive(
      { input: restate.serde.schema(AwakeableId) },
      async (ctx: restate.ObjectContext<PromiseState>, awakeable: string): Promise<void> => {
        const outcome = await ctx.get("outcome");
        if (outcome) ctx.resolveAwakeable(awakeable, outcome);
        else await listen(ctx, awakeable);
      },
    ),

    /** Forgets the outcome and fails those who wait: the promise begins a new life, and can be completed again. */
    dispose: async (ctx: restate.ObjectContext<PromiseState>): Promise<void> => {
      const disposed = new restate.TerminalError(`the promise ${ctx.key} was disposed of`, { errorCode: GONE });
      for (const listener of await listenersOf(ctx)) ctx.rejectAwakeable(listener, disposed);
      ctx.clearAll();
    },
  },
});

type PromiseState = { outcome: Outcome; listeners: string[] };

/**
 * The first outcome stands. Listeners are told by later completions as well: a first one that was terminated half-way
 * leaves some that do not know yet.
 */
async function complete(ctx: restate.ObjectContext<PromiseState>, offered: Outcome): Promise<Outcome> {
  const outcome = (await ctx.get("outcome")) ?? offered;
  const listeners = await listenersOf(ctx);
  ctx.set("outcome", outcome);
  for (const listener of listeners) ctx.resolveAwakeable(listener, outcome);
  ctx.clear("listeners");
  return outcome;
}

async function listen(ctx: restate.ObjectContext<PromiseState>, awakeable: string): Promise<void> {
  ctx.set("listeners", [...(await listenersOf(ctx)), awakeable]);
}

async function listenersOf(ctx: restate.ObjectContext<PromiseState>): Promise<string[]> {
  return (await ctx.get("listeners")) ?? [];
}

/** What can be asked of a promise, from wherever. */
export interface PromiseVerbs {
  peek(): Promise<Outcome | null>;
  await(): Promise<Outcome>;
  resolve(value: Json): Promise<Outcome>;
  reject(message: string): Promise<Outcome>;
}

/** A promise as a handler sees it: each verb is a step of the handler's journal. */
export function inContext(ctx: restate.Context, id: string): PromiseVerbs {
  const promise = ctx.objectClient(promises, id);
  return {
    peek: () => promise.peek(),
    resolve: (value) => promise.resolve(value),
    reject: (message) => promise.reject(message),
    await: () => {
      const awakeable = ctx.awakeable<Outcome>();
      ctx.objectSendClient(promises, id).await(awakeable.id);
      return awakeable.promise;
    },
  };
}

const Name = { promiseName: Id };
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
