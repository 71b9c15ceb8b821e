import { z } from "zod";
import { externalUrl } from "../shared/configuration.ts";
import { encodeId } from "./encode-id.ts";
import { bearer, type ExternalRequest, keyHeader, request, type Tag } from "./http.ts";

const Bucket = z.object({ bucket: z.string() });
const Stored = z.object({ bucket: z.string(), object: z.string() });
const Address = z.object({ path: z.string() });

const call = <T>({ headers, ...rest }: Omit<ExternalRequest, "system">, Answer: z.ZodType<T>) =>
  request({ system: "object-storage", ...rest, headers: { ...bearer("object-storage"), ...headers } }, Answer);
const pathOf = (bucket: string, object: string) => `/buckets/${encodeId(bucket)}/objects/${encodeId(object)}`;

export const objectStorage = {
  /** Creates a bucket. It is refused (409) when the bucket exists and was created under another key. */
  createBucket: (bucket: string, { key, reference }: Tag) =>
    call(
      {
        action: "create a bucket",
        method: "PUT",
        path: `/buckets/${encodeId(bucket)}`,
        headers: keyHeader(key),
        json: { reference },
      },
      Bucket,
    ),

  /** Stores a text under a name, in place of what is there. The books know what its bucket belongs to. */
  putObject: (bucket: string, object: string, text: string, { key }: Pick<Tag, "key">) =>
    call(
      {
        action: "put an object",
        method: "PUT",
        path: pathOf(bucket, object),
        headers: { "content-type": "text/plain; charset=utf-8", ...keyHeader(key) },
        text,
      },
      Stored,
    ),

  /**
   * The URL by which anybody reads an object: for ever, or for so many milliseconds.
   * It changes nothing; asked again later, it gives a later end.
   */
  async address(bucket: string, object: string, expiresInMs?: number): Promise<string> {
    const path = `${pathOf(bucket, object)}/addresses`;
    const answer = await call({ action: "give an address", method: "POST", path, json: { expiresInMs } }, Address);
    return externalUrl("object-storage") + answer.path;
  },
};
