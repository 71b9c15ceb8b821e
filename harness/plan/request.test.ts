import { expect, test } from "vitest";
import { describeRequest, frontPath } from "./request.ts";

test("different values make different paths, whatever is in them", () => {
  const pathOf = (id: string) => frontPath({ front: "GET /tasks/:id", params: { id } }).path;
  expect(frontPath({ front: "POST /reserve/:product/:r", params: { product: "a/b", r: "1" } })).toEqual({
    method: "POST",
    path: "/reserve/a%2Fb/1",
  });
  const ids = ["a", "A", " a", "a/b", "a%2Fb", "%", "€", "__proto__"];
  expect(new Set(ids.map(pathOf)).size).toBe(ids.length);
});

test("a parameter without a value is named", () => {
  expect(() => frontPath({ front: "GET /tasks/:id" })).toThrow("GET /tasks/:id: there is no value for :id");
});

test("for people a request is what it reaches", () => {
  expect(describeRequest({ call: "product/reserve", key: "@p1" })).toBe("product/@p1/reserve");
  expect(describeRequest({ call: "worker/run", send: { delayMs: 5 } })).toBe("worker/run (one way)");
  expect(describeRequest({ front: "GET /tasks/:id", params: { id: "@t1" } })).toBe("GET /tasks/@t1");
});
