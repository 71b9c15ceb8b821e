import { createHmac } from "node:crypto";
import { z } from "zod";
import { bearer, SECRET } from "./authentication.ts";
import { json, text } from "./body.ts";
import { externalSystem } from "./external-system.ts";
import { inHeader } from "./idempotency.ts";

/** No bucket is created for anybody whose name ends so. */
export const NO_QUOTA = "no-quota";

interface Bucket {
  reference: string | undefined;
  objects: Map<string, { content: string; contentType: string }>;
}

const Creation = z.strictObject({ reference: z.string().optional() });
const Wanted = z.strictObject({ expiresInMs: z.int().positive().optional() });
const key = inHeader("idempotency-key");

/**
 * Buckets with objects, which are any text under any name. A bucket is created once; an object is replaced by the next one
 * of its name. Whoever has the address of an object may read it: a plain one for ever, a signed one until it expires.
 *
 *     PUT  /buckets/:bucket {reference?}                              with an `idempotency-key`
 *     PUT  /buckets/:bucket/objects/:object <any text>                with an `idempotency-key`
 *     POST /buckets/:bucket/objects/:object/addresses {expiresInMs?}  -> {path}; no change, so it needs no key
 *     GET  /public/:bucket/:object[?expires=&signature=]              -> the object; the only route without a token
 *
 * A path is relative to the address of the system, which it does not know itself.
 */
export const objectStorage = externalSystem("object-storage", () => new Map<string, Bucket>())
  .authenticatedBy((headers, path) => (path.startsWith("/public/") ? undefined : bearer(headers, path)))
  .route(
    "PUT /buckets/:bucket",
    { action: "create-bucket", body: json(Creation), key },
    ({ params: { bucket }, body: { reference }, state, changed, refused }) => {
      const fact = { key: bucket, reference };
      if (reference?.endsWith(NO_QUOTA)) return refused(403, `${reference} has no quota`, fact);
      if (state.has(bucket)) return refused(409, `the bucket ${bucket} exists`, fact);
      state.set(bucket, { reference, objects: new Map() });
      return changed({ ...fact, data: { state: "created" } }, { bucket }, { status: 201 });
    },
  )
  .route(
    "PUT /buckets/:bucket/objects/:object",
    { action: "put-object", body: text, key },
    ({ params: { bucket, object }, body: content, headers, state, changed, refused }) => {
      const known = state.get(bucket);
      if (!known) return refused(404, `there is no bucket ${bucket}`, { key: bucket });
      known.objects.set(object, { content, contentType: headers["content-type"] ?? "application/octet-stream" });
      const { reference } = known;
      return changed({ key: bucket, reference, data: { state: "stored", object, content } }, { bucket, object });
    },
  )
  .route(
    "POST /buckets/:bucket/objects/:object/addresses",
    { action: "address", body: json(Wanted) },
    ({ params, path, body: { expiresInMs }, state, now, answered, refused }) => {
      const { bucket, object } = params;
      if (!state.get(bucket)?.objects.has(object))
        return refused(404, `there is no ${object} in ${bucket}`, { key: bucket });
      const [, , bucketSegment, , objectSegment] = path.split("/");
      const plain = `/public/${bucketSegment}/${objectSegment}`;
      if (expiresInMs === undefined) return answered({ path: plain });
      const expires = String(now + expiresInMs);
      return answered({ path: `${plain}?expires=${expires}&signature=${signatureOf(bucket, object, expires)}` });
    },
  )
  .route(
    "GET /public/:bucket/:object",
    { action: "read" },
    ({ params: { bucket, object }, query: { expires, signature }, state, now, answered, refused }) => {
      const found = state.get(bucket)?.objects.get(object);
      if (!found) return refused(404, `there is no ${object} in ${bucket}`, { key: bucket });
      const isSigned = expires !== undefined || signature !== undefined;
      if (isSigned && signature !== signatureOf(bucket, object, expires ?? ""))
        return refused(403, "the signature is wrong", { key: bucket });
      if (isSigned && now >= Number(expires)) return refused(403, "the address has expired", { key: bucket });
      return answered(null, { body: found.content, headers: { "content-type": found.contentType } });
    },
  );

const signatureOf = (...signed: string[]): string =>
  createHmac("sha256", SECRET).update(JSON.stringify(signed)).digest("hex");
