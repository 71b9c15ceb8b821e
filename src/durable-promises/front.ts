import type { Context } from "hono";
import { ingressUrl } from "../shared/configuration.ts";
import { bodyOf, frontApp, idIn } from "../shared/front-app.ts";
import { type DurablePromise, durablePromise, PromiseRejected } from "./clients.ts";
import { ErrorMessage, type Json, type Outcome, Value } from "./services.ts";

/**
 * Promises for the web: `GET /promises/:id` answers at once and `GET /promises/:id/result` when it is completed; `POST
 * /promises/:id/resolve` takes a value and `.../reject` a message, as JSON, and answer the outcome that stands. A request
 * with an `idempotency-key` may be repeated.
 */
export const front = frontApp((app) => {
  app.get("/promises/:id", async (c) => c.json(await outcomeOf(promiseIn(c).peek())));
  app.get("/promises/:id/result", async (c) => c.json(await outcomeOf(promiseIn(c).get())));
  app.post("/promises/:id/resolve", async (c) => {
    const value = await bodyOf(c, Value);
    return c.json(await outcomeOf(promiseIn(c).resolve(value)));
  });
  app.post("/promises/:id/reject", async (c) => {
    const message = await bodyOf(c, ErrorMessage);
    return c.json(await outcomeOf(promiseIn(c).reject(message)));
  });
});

const promiseIn = (c: Context): DurablePromise<Json> =>
  durablePromise(ingressUrl(), idIn(c, "id"), { idempotencyKey: c.req.header("idempotency-key") });

/** The outcome of the promise; null while it has none. */
async function outcomeOf(asked: Promise<Json | undefined>): Promise<Outcome | null> {
  try {
    const value = await asked;
    return value === undefined ? null : { value };
  } catch (error) {
    if (error instanceof PromiseRejected) return { error: error.message };
    throw error;
  }
}
