/** A form as Stripe's clients write it: a text, or fields in brackets, which may be numbered as those of a list are. */
export type FormValue = string | Form;
export type Form = ReadonlyMap<string, FormValue>;

/**
 * Decodes `a=1&metadata[key]=text&list[0]=x&list[]=y`. Fields may have any names, of objects' own ones too.
 * The last one of a name counts.
 * @throws when a field is both a text and a group of fields
 */
export function decodeForm(body: string): Form {
  const root = new Map<string, FormValue>();
  for (const [name, value] of new URLSearchParams(body)) put(root, pathOf(name), value);
  return root;
}

/** "metadata[a][b]" -> metadata, a, b */
function pathOf(name: string): string[] {
  const bracket = name.indexOf("[");
  if (bracket <= 0 || !name.endsWith("]")) return [name];
  return [name.slice(0, bracket), ...name.slice(bracket + 1, -1).split("][")];
}

function put(group: Map<string, FormValue>, [name = "", ...rest]: string[], value: string): void {
  const field = name === "" ? String(group.size) : name;
  if (rest.length === 0) {
    group.set(field, value);
    return;
  }
  const inner = group.get(field) ?? new Map<string, FormValue>();
  if (!(inner instanceof Map)) throw new Error(`${field} is given both as a text and as a group of fields`);
  group.set(field, inner);
  put(inner, rest, value);
}

/** The same for forms that say the same, whatever the order of their fields. */
export function canonicalForm(form: FormValue): unknown {
  if (typeof form === "string") return form;
  return [...form].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, value]) => [name, canonicalForm(value)]);
}
