import { expect, test } from "vitest";
import { flawOfInvocationId, invocationId, parseAwakeableId, textOf } from "./ids.ts";

const parts = { service: "s", handler: "h", name: "o1" };

test("an id is the base 62 of its bytes", () => {
  const bytes = Buffer.from("0000000000000001ffffffffffffffffffffffffffffffff", "hex");
  let rest = BigInt(`0x${bytes.subarray(8).toString("hex")}`);
  let digits = "";
  for (; rest > 0n; rest /= 62n)
    digits = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"[Number(rest % 62n)] + digits;
  expect(textOf(bytes)).toBe(`inv_1${"1".padStart(11, "0")}${digits.padStart(22, "0")}`);
});

test("what is found again has the same id whoever asks; everything else has an id of its own", () => {
  const id = (more: object, name = "o1") => invocationId({ ...parts, name, ...more }).text;
  expect(id({ idempotencyKey: "k" })).toBe(id({ idempotencyKey: "k" }, "o2"));
  expect(id({ idempotencyKey: "k" })).not.toBe(id({ idempotencyKey: "k", handler: "other" }));
  expect(id({ key: "k", isRun: true })).toBe(id({ key: "k", isRun: true }, "o2"));
  expect(id({})).not.toBe(id({}, "o2"));
  // of one key, the same partition
  expect(id({ key: "k" }).slice(0, 16)).toBe(id({ key: "k" }, "o2").slice(0, 16));
  expect(flawOfInvocationId(id({}))).toBeUndefined();
});

test("an awakeable id leads to its invocation", () => {
  const { bytes, text } = invocationId(parts);
  const id = `sign_1${Buffer.concat([bytes, Buffer.from([0, 0, 0, 17])]).toString("base64url")}`;
  expect(parseAwakeableId(id)).toEqual({ invocation: text, signal: 17 });
  expect(parseAwakeableId("garbage")).toBe("bad format");
  expect(parseAwakeableId(`${id}==`)).toEqual({ invocation: text, signal: 17 });
  for (const [flawed, flaw] of [
    ["", "bad length"],
    ["sign_", "bad length"],
    ["sign_1garbage", "id doesn't match the expected type"],
    [`${id}===`, "id doesn't match the expected type"],
    [`${id}A`, "id doesn't match the expected type"],
    [text, "id doesn't match the expected type"],
    [id.replace("1", "2"), "unrecognized codec version"],
    ["foo_1x", "unrecognized resource type: foo"],
    ["prom_1abc", "bad length"],
    [`prom_1${"?".repeat(38)}`, "base62 decode error"],
  ] as const)
    expect(parseAwakeableId(flawed), flawed).toBe(flaw);
});

test("what is no id is told apart", () => {
  expect(flawOfInvocationId("garbage")).toBe("bad format");
  expect(flawOfInvocationId("sign_1x")).toBe("id doesn't match the expected type");
  expect(flawOfInvocationId("inv_1dUNDERKNOWN")).toBe("bad length");
  expect(flawOfInvocationId("")).toBe("bad length");
  expect(flawOfInvocationId("inv_2fcuCZihrTo81m3Xn1wamnVMIm0to9JNja")).toBe("unrecognized codec version");
  expect(flawOfInvocationId("inv_1fcuCZihrTo81m3Xn1wamnVMIm0to9JN_a")).toBe("base62 decode error");
  expect(flawOfInvocationId(`inv_1${"Z".repeat(33)}`)).toBe("base62 decode error");
});
