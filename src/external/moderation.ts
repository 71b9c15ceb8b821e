import { z } from "zod";
import { encodeId } from "./encode-id.ts";
import { bearer, keyHeader, request, type Tag } from "./http.ts";

const Post = z.object({ id: z.string(), status: z.enum(["pending", "approved", "rejected"]) });

export const moderation = {
  /** Hands in a post; the id is the moderation's, the same for each call with the same key. */
  submit: (post: { author: string; content: string; metadata?: unknown }, { key }: Pick<Tag, "key">) =>
    request(
      {
        system: "moderation",
        action: "submit",
        method: "POST",
        path: "/posts",
        headers: { ...bearer("moderation"), ...keyHeader(key) },
        json: post,
      },
      Post,
    ),
  /** The verdict, once there is one: it never changes. */
  poll: (id: string) =>
    request(
      {
        system: "moderation",
        action: "poll",
        method: "GET",
        path: `/posts/${encodeId(id)}`,
        headers: bearer("moderation"),
      },
      Post,
    ),
};
