import { z } from "zod";
import { bearer } from "./authentication.ts";
import { json } from "./body.ts";
import { externalSystem } from "./external-system.ts";
import { Fence } from "./fence.ts";
import { inHeader } from "./idempotency.ts";

const Publication = z.strictObject({ post: z.string().min(1), number: z.int().positive() });

/**
 * The feeds of users: `POST /feeds/:user/posts {post, number}` with an `idempotency-key` adds a post at the end. The
 * number grows with every post of a user; a feed refuses one that is lower than one that it has heard (fencing).
 */
export const feed = externalSystem("feed", () => new Fence())
  .authenticatedBy(bearer)
  .route(
    "POST /feeds/:user/posts",
    { action: "publish", body: json(Publication), key: inHeader("idempotency-key") },
    ({ params: { user }, body: { post, number }, state, changed, refused }) => {
      const fact = { key: user, reference: user };
      const stale = state.refuses(user, "post", number);
      if (stale !== undefined) return refused(409, stale, fact);
      return changed({ ...fact, data: { state: "published", post, number } }, { user, post }, { status: 201 });
    },
  );
