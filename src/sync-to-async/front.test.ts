import { beforeEach, expect, test, vi } from "vitest";
import { front } from "./front.ts";
import { upload } from "./upload-client.ts";

vi.mock("./upload-client.ts", () => ({ upload: vi.fn<typeof upload>() }));
const post = (path: string, body = '{"email": "ada@mail.example"}') =>
  front(new Request(`http://front${path}`, { method: "POST", body }));

beforeEach(() => {
  vi.mocked(upload).mockReset();
});

test("a URL is answered, or the address to which it will be mailed, with the invocation that does so", async () => {
  vi.mocked(upload).mockResolvedValueOnce({ url: "http://storage/data" });
  const quick = await post("/uploads/u1");
  expect([quick.status, await quick.json()]).toEqual([200, { url: "http://storage/data" }]);

  vi.mocked(upload).mockResolvedValueOnce({ mailedTo: "ada@mail.example", invocationId: "inv_1" });
  const slow = await post("/uploads/u1");
  expect([slow.status, await slow.json()]).toEqual([202, { mailedTo: "ada@mail.example" }]);
  expect(slow.headers.get("x-restate-id")).toBe("inv_1");
});

test.each(["a/b", "a%2Fb", "..", " u1", "€", "__proto__"])("the name %j is of a user of its own", async (user) => {
  vi.mocked(upload).mockResolvedValueOnce({ url: "http://storage/data" });
  await post(`/uploads/${encodeURIComponent(user === ".." ? "=.." : user)}`);
  expect(upload).toHaveBeenCalledWith(user, "ada@mail.example");
});

test.each([
  ["/uploads/u1", "{", "JSON"],
  ["/uploads/u1", "{}", "email"],
  ["/uploads/u1", '{"email": ""}', "email"],
  ["/uploads/u1", '{"email": 7}', "email"],
  ["/uploads/%ff", '{"email": "ada@mail.example"}', "user"],
])("%s with %s is refused with 400, names what is wrong, and uploads nothing", async (path, body, field) => {
  const answer = await post(path, body);
  expect(answer.status).toBe(400);
  expect(await answer.text()).toContain(field);
  expect(upload).not.toHaveBeenCalled();
});
