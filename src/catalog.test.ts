import { expect, test } from "vitest";
import { catalog } from "./catalog.ts";

test("one endpoint can serve any patterns together: no two different services have the same name", () => {
  const services = new Set(Object.values(catalog).flatMap((pattern) => pattern.services));
  expect(new Set([...services].map(({ name }) => name)).size).toBe(services.size);
});

test("the front apps of any patterns can share a port: no two have paths in common", async () => {
  const apps = Object.values(catalog).filter(({ app }) => app);
  const paths = apps.map(({ appPath = "" }) => appPath);
  expect(new Set(paths).size).toBe(apps.length);
  for (const path of paths) expect(path).toMatch(/^\/[^/]+$/);
});
