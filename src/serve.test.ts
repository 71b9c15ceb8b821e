import { afterEach, expect, test, vi } from "vitest";
import { catalog } from "./catalog.ts";
import { frontOf } from "./serve.ts";

afterEach(() => vi.unstubAllGlobals());
const front = frontOf(Object.values(catalog));
const get = async (path: string) => {
  const answer = await front(new Request(`http://front${path}`));
  return { status: answer.status, ...((await answer.json()) as { message: string }) };
};

test("an app answers for its own paths, also that there is no such thing", async () => {
  vi.stubGlobal("fetch", async () => Response.json({ message: "invocation not found" }, { status: 404 }));
  expect(await get("/tasks/t1")).toEqual({ status: 404, message: "invocation not found" });
  expect(await get("/tasks/t1/more")).toMatchObject({ status: 404, message: expect.stringContaining("/tasks/:id") });
  expect(await get("/promises")).toMatchObject({ status: 404, message: expect.stringContaining("/promises/:id") });
});

const paths = Object.values(catalog).flatMap(({ appPath }) => appPath ?? []);
test.each(["/", "/other", "/__proto__/a", "/tasksother"])("%s is nobody's path", async (path) => {
  expect(await get(path)).toEqual({ status: 404, message: `there is nothing here but ${paths.join(", ")}` });
});
