/**
 * A text that two values share only if they are equal: plain objects regardless of the order of their keys, maps and
 * sets in their order.
 * @throws TypeError for functions, symbols and instances of other classes
 */
export function encode(value: unknown): string {
  return typeof value === "string" ? `"${value}` : write(value);
}

function write(value: unknown): string {
  switch (typeof value) {
    case "string":
      return JSON.stringify(value);
    case "number":
      return Object.is(value, -0) ? "-0" : String(value);
    case "bigint":
      return `${value}n`;
    case "boolean":
    case "undefined":
      return String(value);
    case "object":
      return value === null ? "null" : writeObject(value);
    default:
      throw new TypeError(`a ${typeof value} has no canonical text`);
  }
}

function writeObject(value: object): string {
  if (Array.isArray(value)) return `[${value.map(write).join()}]`;
  if (value instanceof Map) return `Map{${[...value].map(([key, item]) => `${write(key)}:${write(item)}`).join()}}`;
  if (value instanceof Set) return `Set{${[...value].map(write).join()}}`;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null)
    throw new TypeError(`an instance of ${value.constructor.name} has no canonical text`);
  const fields = value as Record<string, unknown>;
  let text = "";
  for (const name of Object.keys(fields).sort())
    text += `${text === "" ? "" : ","}${JSON.stringify(name)}:${write(fields[name])}`;
  return `{${text}}`;
}
