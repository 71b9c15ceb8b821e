/**
 * HTML as a template literal that escapes by default: html`<p title="${text}">${text}</p>`. What is interpolated is
 * text unless it is itself the result of `html`. Escaping covers element content and quoted attribute values, so
 * attributes are always written with quotes; nothing is ever interpolated into a script or a style element.
 */

/** A piece of markup that is known to be well made. Only `html` and `inline` make one. */
export class Html {
  readonly #markup: string;
  constructor(markup: string) {
    this.#markup = markup;
  }
  toString(): string {
    return this.#markup;
  }
}

/** What can stand in a template. `undefined`, `null` and `false` leave nothing behind, so that `condition && html` works. */
export type Part = Html | string | number | undefined | null | false | Part[];

export function html(strings: TemplateStringsArray, ...parts: Part[]): Html {
  let markup = strings[0] ?? "";
  parts.forEach((part, index) => {
    markup += render(part) + (strings[index + 1] ?? "");
  });
  return new Html(markup);
}

/** The text of a style sheet or a script of ours, as an element. Throws when the text would end the element early. */
export function inline(element: "style" | "script", text: string): Html {
  if (new RegExp(`</${element}|<!--`, "i").test(text)) throw new Error(`the ${element} would end its own element`);
  return new Html(`<${element}>${text}</${element}>`);
}

/** Text as element content or as a quoted attribute value. */
export function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}

const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

function render(part: Part): string {
  if (part === undefined || part === null || part === false) return "";
  if (Array.isArray(part)) return part.map(render).join("");
  return part instanceof Html ? part.toString() : escape(String(part));
}
