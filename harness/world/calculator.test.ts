import { expect, test } from "vitest";
import { LARGEST_SUM } from "./index.ts";
import { startWorld, types } from "./testing.ts";

const operands = { left: 0.1, right: 0.2 };

test("numbers are added, once for each key", () => {
  const { send, ledger } = startWorld();
  for (const key of ["k1", "k1", "k2"]) {
    const { body } = send("POST /calculator/sums", { json: { ...operands, reference: "r1" }, key });
    expect(body).toEqual({ sum: 0.1 + 0.2 });
  }
  expect(types(ledger)).toEqual(["effect", "repeat", "effect"]);
  expect(ledger[0]).toMatchObject({ system: "calculator", action: "add", key: "k1", reference: "r1", data: operands });
});

test.each([
  [LARGEST_SUM, 0, 201],
  [LARGEST_SUM, 1, 422],
  [-LARGEST_SUM, -1, 422],
])("%d and %d: %i", (left, right, status) => {
  const { send } = startWorld();
  expect(send("POST /calculator/sums", { json: { left, right }, key: "k1" }).status).toBe(status);
});
