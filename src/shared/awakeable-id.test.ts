import { expect, test } from "vitest";
import { AwakeableId } from "./awakeable-id.ts";

const idOf = (bytes: readonly number[]): string => `sign_1${Buffer.from(bytes).toString("base64url")}`;
const invocation = Array.from({ length: 24 }, (_, index) => 250 - 7 * index);

test.each([17, 18, 255])("an awakeable is a signal of an invocation: its number %i", (number) => {
  expect(AwakeableId.safeParse(idOf([...invocation, 0, 0, 0, number])).success).toBe(true);
});

const right = idOf([...invocation, 0, 0, 0, 17]);
test.each([
  "",
  "sign_1",
  "no awakeable",
  right.slice(1),
  right.replace("sign_1", "sign_2"),
  right.replace("sign_1", "prom_1"),
  right.slice(0, -1),
  `${right}A`,
  `${right}==`,
  ` ${right}`,
  // bits that no byte needs must be zero
  `${right.slice(0, -1)}R`,
  // a cancellation
  idOf([...invocation, 0, 0, 0, 1]),
  7,
  null,
])("%j is none", (id) => {
  expect(AwakeableId.safeParse(id).error?.issues[0]?.message).toMatch(/^awakeable must be/);
});
