import { z } from "zod";
import type { Json } from "./plan.ts";

const json = z.json().transform((value): Json => value);

/**
 * What goes over the wire for an operation: a call of a handler through Restate's ingress, a one-way send of one, or a
 * request to the front app of a pattern. Derived from a kind and its arguments; a history shows it as a detail.
 */
export const Request = z.union([
  z.strictObject({
    /** "service/handler" */
    call: z.string(),
    /** of the object or workflow */
    key: z.string().exactOptional(),
    input: json.exactOptional(),
    /** what is sent in the place of an input, as it is: it need not be JSON */
    body: z.string().exactOptional(),
    /** beside those that the harness adds; names in lower case */
    headers: z.record(z.string(), z.string()).exactOptional(),
    idempotencyKey: z.string().exactOptional(),
    /** one way: the answer is only that it was accepted; due after so many milliseconds, if it says so */
    send: z.union([z.literal(true), z.strictObject({ delayMs: z.number() })]).exactOptional(),
  }),
  z.strictObject({
    /** method and path with parameters, e.g. "POST /reserve/:product/:reservation" */
    front: z.string(),
    /** by name; what a path cannot carry is encoded */
    params: z.record(z.string(), z.string()).exactOptional(),
    /** the app of another pattern than the property's */
    app: z.string().exactOptional(),
    input: json.exactOptional(),
    /** what is sent in the place of an input, as it is: it need not be JSON */
    body: z.string().exactOptional(),
    /** beside those that the harness adds; names in lower case */
    headers: z.record(z.string(), z.string()).exactOptional(),
    idempotencyKey: z.string().exactOptional(),
  }),
]);
export type Request = z.infer<typeof Request>;

/** The method and path of a request to a front app, its parameters filled in: each encoded, so that different values make different paths. */
export function frontPath({ front, params = {} }: Extract<Request, { front: string }>): {
  method: string;
  path: string;
} {
  const [method = "", pattern = ""] = front.split(" ");
  const path = pattern.replace(/:(\w+)/g, (name, parameter: string) => {
    const value = params[parameter];
    if (value === undefined) throw new Error(`${front}: there is no value for ${name}`);
    return encodeURIComponent(value);
  });
  return { method, path };
}

/** "product/@p1/reserve", or "POST /reserve/@p1/@r1": for people, so nothing is encoded. */
export function describeRequest(request: Request): string {
  if ("front" in request)
    return request.front.replace(/:(\w+)/g, (name, parameter: string) => request.params?.[parameter] ?? name);
  const [service = "", handler = ""] = request.call.split("/");
  const target = [service, request.key, handler].filter((part) => part !== undefined).join("/");
  return request.send === undefined ? target : `${target} (one way)`;
}
