import { badRequest } from "./errors.ts";
import type { Form, FormValue } from "./form.ts";

/** Reads one parameter; `name` is for the error. */
type Reader<T> = (value: FormValue | undefined, name: string) => T;
type Readers = Record<string, Reader<unknown>>;
export type Parameters<R extends Readers> = { [Name in keyof R]: ReturnType<R[Name]> };

/** Reads the parameters of a request. @throws a `StripeError` that names the first one that is wrong, missing or unknown */
export function readParameters<R extends Readers>(form: Form, readers: R, prefix = ""): Parameters<R> {
  const nameOf = (name: string) => (prefix === "" ? name : `${prefix}[${name}]`);
  for (const name of form.keys()) {
    if (Object.hasOwn(readers, name)) continue;
    const known = Object.keys(readers).map(nameOf).join(", ");
    throw badRequest(`Received unknown parameter: ${nameOf(name)}. This double of Stripe knows: ${known}`, {
      code: "parameter_unknown",
      param: nameOf(name),
    });
  }
  const read = Object.entries(readers).map(([name, reader]) => [name, reader(form.get(name), nameOf(name))]);
  return Object.fromEntries(read) as Parameters<R>;
}

export const text: Reader<string | undefined> = (value, name) => {
  if (value === undefined || value === "") return undefined;
  if (typeof value !== "string") throw badRequest(`Invalid string: ${name}`, { param: name });
  return value;
};

export const boolean: Reader<boolean | undefined> = (value, name) => {
  const given = text(value, name);
  if (given === undefined) return undefined;
  if (given !== "true" && given !== "false")
    throw badRequest(`Invalid boolean: ${given}`, { code: "parameter_invalid_boolean", param: name });
  return given === "true";
};

export const integer: Reader<number | undefined> = (value, name) => {
  const given = text(value, name);
  if (given === undefined) return undefined;
  if (!/^-?\d+$/.test(given) || !Number.isSafeInteger(Number(given)))
    throw badRequest(`Invalid integer: ${given}`, { code: "parameter_invalid_integer", param: name });
  return Number(given);
};

export const oneOf =
  <T extends string>(...allowed: T[]): Reader<T | undefined> =>
  (value, name) => {
    const given = text(value, name);
    const found = allowed.find((one) => one === given);
    if (given === undefined || found !== undefined) return found;
    throw badRequest(`Invalid ${name}: must be one of ${allowed.join(", ")}`, { param: name });
  };

export const list: Reader<string[] | undefined> = (value, name) => {
  if (value === undefined || value === "") return undefined;
  if (typeof value === "string") throw badRequest("Invalid array", { param: name });
  return [...value.values()].map((one) => text(one, name) ?? "");
};

export const group =
  <R extends Readers>(readers: R): Reader<Parameters<R> | undefined> =>
  (value, name) => {
    if (value === undefined) return undefined;
    if (typeof value === "string") throw badRequest("Invalid object", { param: name });
    return readParameters(value, readers, name);
  };

/** Any names with texts; an empty text stands for none. */
export const metadata: Reader<Record<string, string>> = (value, name) => {
  if (value === undefined || value === "") return {};
  if (typeof value === "string") throw badRequest("Invalid object", { param: name });
  if (value.size > 50) throw badRequest("Metadata can have at most 50 keys", { param: name });
  const entries = [...value].map(([key, one]): [string, string] => {
    const given = text(one, `${name}[${key}]`) ?? "";
    if (key.length > 40 || given.length > 500)
      throw badRequest("Metadata keys have at most 40 characters, and values 500", { param: `${name}[${key}]` });
    return [key, given];
  });
  return Object.fromEntries(entries.filter(([, given]) => given !== ""));
};

export const required =
  <T>(reader: Reader<T | undefined>): Reader<T> =>
  (value, name) => {
    const read = reader(value, name);
    if (read === undefined)
      throw badRequest(`Missing required param: ${name}.`, { code: "parameter_missing", param: name });
    return read;
  };
