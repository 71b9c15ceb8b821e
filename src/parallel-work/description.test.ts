import { expect, test } from "vitest";
import { Description, Subtask, subtasksOf } from "./description.ts";

test.each([
  ["sand", ["sand"]],
  ["sand,paint,sand", ["sand", "paint", "sand"]],
  [" sand ,\tpaint the door\n", ["sand", "paint the door"]],
])("%j names %j", (description, subtasks) => {
  expect(Description.safeParse(description).success).toBe(true);
  expect(subtasksOf(description)).toEqual(subtasks);
});

test.each(["", " ", ",", "sand,", ",sand", "sand, ,paint", 7, null])("%j is refused", (description) => {
  const { error } = Description.safeParse(description);
  expect(error?.issues[0]?.message).toContain("description must");
});

test.each(["", "  ", 7, null])("%j is no subtask", (subtask) => {
  expect(Subtask.safeParse(subtask).error?.issues[0]?.message).toContain("subtask must");
});
