/** Tells what a caller failed to show; undefined when the request may pass. */
export type Authentication = (headers: Readonly<Record<string, string>>, path: string) => string | undefined;

/** The secret that all systems accept, and that clients send unless they are configured otherwise. */
export const SECRET = "stormproof";

/** `Authorization: Bearer <secret>` */
export const bearer: Authentication = ({ authorization }) =>
  authorization === `Bearer ${SECRET}` ? undefined : "the bearer token is missing or wrong";

/** `Authorization: Basic`, with the secret as the user and no password */
export const basic: Authentication = ({ authorization }) =>
  authorization === `Basic ${btoa(`${SECRET}:`)}` ? undefined : "the user is missing or wrong";

/** The secret stands in a header of its own. */
export const apiKey =
  (header: string): Authentication =>
  (headers) =>
    headers[header] === SECRET ? undefined : `the header ${header} is missing or wrong`;
