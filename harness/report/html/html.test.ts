import { expect, test } from "vitest";
import { escape, html, inline } from "./html.ts";

test("what is interpolated is text", () => {
  const evil = `</script><img src=x onerror="alert('1')"> & co`;
  expect(html`<p title="${evil}">${evil}</p>`.toString()).toBe(`<p title="${escape(evil)}">${escape(evil)}</p>`);
  expect(escape(evil)).toBe("&lt;/script&gt;&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt; &amp; co");
});

test("markup of our own, lists of it, numbers and gaps", () => {
  const items = ["a", "<b>"].map((item) => html`<li>${item}</li>`);
  expect(html`<ul>${items}</ul>${0}${undefined}${null}${false}`.toString()).toBe(
    "<ul><li>a</li><li>&lt;b&gt;</li></ul>0",
  );
  expect(html`${[["x"], [1, [html`<i>`]]]}`.toString()).toBe("x1<i>");
});

test("an object that looks like markup is not", () => {
  const fake = { toString: () => "<b>" } as unknown as string;
  expect(html`${fake}`.toString()).toBe("&lt;b&gt;");
});

test("a script or style of ours must not end its own element", () => {
  expect(inline("style", "p { color: red }").toString()).toBe("<style>p { color: red }</style>");
  expect(() => inline("script", 'write("</SCRIPT>")')).toThrow("script");
  expect(() => inline("script", "<!-- ")).toThrow("script");
});
