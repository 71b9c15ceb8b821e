import type * as restate from "@restatedev/restate-sdk";
import type { Json, Outcome } from "./outcome.ts";
import { promises } from "./promises.ts";

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
