import { z } from "zod";
import { encodeId } from "./encode-id.ts";
import { bearer, keyHeader, request, type Tag } from "./http.ts";

const Published = z.object({ user: z.string(), post: z.string() });

export const feed = {
  /**
   * Adds a post to the feed of a user.
   * @param number grows with every post of the user; a feed refuses one that is lower than one that it has heard
   */
  publish: ({ user, ...post }: { user: string; post: string; number: number }, { key }: Pick<Tag, "key">) =>
    request(
      {
        system: "feed",
        action: "publish",
        method: "POST",
        path: `/feeds/${encodeId(user)}/posts`,
        headers: { ...bearer("feed"), ...keyHeader(key) },
        json: post,
      },
      Published,
    ),
};
