import { expect, test } from "vitest";
import { catalog } from "./catalog.ts";

test("one endpoint can serve any patterns together: no two services have the same name", () => {
  const names = Object.values(catalog).flatMap(({ services }) => services.map(({ name }) => name));
  expect(new Set(names).size).toBe(names.length);
});

test("the front apps of any patterns can share a port: no two have paths in common", async () => {
  const apps = Object.values(catalog).filter(({ app }) => app);
  const paths = apps.map(({ appPath = "" }) => appPath);
  expect(new Set(paths).size).toBe(apps.length);
  for (const path of paths) expect(path).toMatch(/^\/[^/]+$/);
});
