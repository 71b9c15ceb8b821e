import fc from "fast-check";
import { expect, test } from "vitest";
import { operation } from "../kind.ts";
import { complaint, named, Script } from "../testing.ts";
import { returns } from "./returns.ts";

const double = operation<number, { twice: number }>({
  args: fc.nat(),
  request: (input: number) => ({ call: "s/double", input }),
});
const other = operation({ args: fc.constant(null), request: () => ({ call: "s/other" }) });
named({ double, other });
const check = returns(double, ({ args }) => ({ twice: 2 * args }));
const asked = () => new Script().invoke("o1", double, 3);

test("every success is answered just so; failures, silence and other kinds are not judged", async () => {
  expect(await complaint(check, asked().ok("o1", { twice: 6 }).history())).toBeUndefined();
  expect(await complaint(check, asked().fail("o1").history())).toBeUndefined();
  expect(await complaint(check, asked().info("o1").history())).toBeUndefined();
  expect(await complaint(check, new Script().invoke("o1", other, null).ok("o1", 7).history())).toBeUndefined();
});

test("another answer is told, also one that nobody heard", async () => {
  expect(await complaint(check, asked().ok("o1", { twice: 7 }).history())).toEqual({
    summary: "o1 (double) was not answered as it should be.",
    expected: '{"twice":6}',
    seen: '{"twice":7}',
    events: [0, 1],
  });
  const learned = asked()
    .info("o1")
    .learned("o1", { value: { twice: 7 } });
  expect(await complaint(check, learned.history())).toBeDefined();
});
