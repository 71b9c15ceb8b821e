import { expect, test } from "vitest";
import { catalog } from "./catalog.ts";

test("one endpoint can serve any patterns together: no two services have the same name", () => {
  const names = Object.values(catalog).flatMap(({ services }) => services.map(({ name }) => name));
  expect(new Set(names).size).toBe(names.length);
});
