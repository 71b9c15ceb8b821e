import { z } from "zod";
import { bearer } from "./authentication.ts";
import { json } from "./body.ts";
import { externalSystem } from "./external-system.ts";
import { inHeader } from "./idempotency.ts";

/** A post that begins with this word is rejected; any other is approved. */
export const REJECTED_POST = "rejected";
/** A post that has this word in it is still pending when it is first asked about. */
export const PONDERED_POST = "pondered";

interface Post {
  verdict: "approved" | "rejected";
  /** how often it is still answered as pending */
  pending: number;
}
const Submission = z.strictObject({
  author: z.string().min(1),
  content: z.string(),
  metadata: z.json().optional(),
});

/**
 * Moderation of posts: one is submitted, and then asked about until there is a verdict, which never changes.
 *
 *     POST /posts {author, content, metadata?}  -> 202 {id, status: "pending"}     with an `idempotency-key`
 *     GET  /posts/:id                           -> {id, status: "pending" | "approved" | "rejected"}
 */
export const moderation = externalSystem("moderation", () => new Map<string, Post>())
  .authenticatedBy(bearer)
  .route(
    "POST /posts",
    { action: "submit", body: json(Submission), key: inHeader("idempotency-key") },
    ({ key, body, state, changed }) => {
      const { author, content } = body;
      const id = `post:${key}`;
      const verdict = content.startsWith(REJECTED_POST) ? "rejected" : "approved";
      state.set(id, { verdict, pending: content.includes(PONDERED_POST) ? 1 : 0 });
      const { metadata = null } = body;
      const data = { state: "pending", author, content, metadata, verdict };
      return changed({ key: id, reference: author, data }, { id, status: "pending" }, { status: 202 });
    },
  )
  .route("GET /posts/:id", { action: "poll" }, ({ params: { id }, state, answered, refused }) => {
    const post = state.get(id);
    if (!post) return refused(404, `there is no ${id}`, { key: id });
    if (post.pending === 0) return answered({ id, status: post.verdict });
    post.pending--;
    return answered({ id, status: "pending" });
  });
