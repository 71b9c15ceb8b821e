import { z } from "zod";

/** How a route reads the body of its requests. */
export interface BodyReader<Body> {
  /** @returns the body, or the refusal of a mistake, which names the field */
  read(body: string, contentType: string): { body: Body } | { status: number; message: string };
}

/** A JSON body that must fit a schema; with a schema that knows all of its fields, an unknown one is a mistake. */
export const json = <Body>(schema: z.ZodType<Body>): BodyReader<Body> => ({
  read(text, contentType) {
    if (!/^application\/(json|[\w.-]+\+json)\b/i.test(contentType))
      return { status: 415, message: `the body must be application/json, and is ${JSON.stringify(contentType)}` };
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      return { status: 400, message: "the body must be JSON" };
    }
    const { success, data, error } = schema.safeParse(value);
    return success ? { body: data } : { status: 400, message: z.prettifyError(error) };
  },
});

/** Any text, as it is. */
export const text: BodyReader<string> = { read: (body) => ({ body }) };

/** No body: what is sent is ignored. */
export const none: BodyReader<undefined> = { read: () => ({ body: undefined }) };
