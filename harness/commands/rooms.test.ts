import { expect, test } from "vitest";
import { complaint, importsOf, roomsIn } from "./rooms.ts";

const rooms = roomsIn(
  "| room | what |\n| `src/` | services |\n| `harness/plan/` | plans |\n| `harness/index.ts` | all |\n| `harness/case/` | one |\n",
);

test("the rooms stand in the order of the table", () => {
  expect(rooms).toEqual(["src", "harness/plan", "harness/index.ts", "harness/case"]);
});

test("imports are found, of types and over several lines as well, and packages are none", () => {
  const text =
    'import fc from "fast-check";\nimport {\n  type A,\n} from "../plan/index.ts";\nexport * from "./b.ts";\nimport "./c.ts";\n';
  expect(importsOf("harness/case/a.ts", text)).toEqual([
    "harness/plan/index.ts",
    "harness/case/b.ts",
    "harness/case/c.ts",
  ]);
});

test.each([
  ["harness/case/a.ts", "harness/plan/index.ts", undefined],
  ["harness/case/a.ts", "harness/case/b.ts", undefined],
  ["harness/case/a.ts", "harness/index.ts", undefined],
  ["harness/plan/a.ts", "harness/case/index.ts", "harness/case is below harness/plan"],
  ["harness/case/a.ts", "harness/plan/plan.ts", "the door of harness/plan is its index.ts"],
  ["harness/other/a.ts", "harness/plan/index.ts", "harness/other/a.ts is in no room"],
  ["harness/case/a.ts", "harness/other/a.ts", "which is in no room"],
])("%s importing %s: %s", (file, imported, message) => {
  const said = complaint(file, imported, rooms);
  if (message === undefined) expect(said).toBeUndefined();
  else expect(said).toContain(message);
});
