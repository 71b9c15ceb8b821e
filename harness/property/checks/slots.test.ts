import fc from "fast-check";
import { expect, test } from "vitest";
import { groupBy } from "../group.ts";
import { operation } from "../kind.ts";
import { complaint, named, Script } from "../testing.ts";
import {
  bestPriorityFirst,
  firstComeFirstServed,
  neverMoreThanTheLimit,
  type Prioritised,
  type Stretch,
} from "./slots.ts";

type Item = { name: string; line: string; priority: number };
const use = operation<Item>({
  args: fc.constant({ name: "", line: "", priority: 0 }),
  request: () => ({ call: "s/use" }),
});
named({ use });
const items = groupBy({ of: [use], by: ({ name }) => name });

const NEVER = Number.POSITIVE_INFINITY;
interface Course {
  line?: string;
  priority?: number;
  queued?: [from: number, to: number];
  worked: [from: number, to: number];
  isCancelled?: boolean;
}
/** Judges items by what is known of them: two slots, and places at which one is given back. */
async function judge(courses: Record<string, Course>, givenBack: number[] = []) {
  const script = new Script();
  for (const [name, { line = "a", priority = 1, isCancelled }] of Object.entries(courses)) {
    script.invoke(name, use, { name, line, priority });
    if (isCancelled) script.about(`c-${name}`, "cancel", name);
  }
  const stretch = ([from, to]: readonly [number, number] = [NEVER, NEVER]): Stretch => ({ from, to });
  const slots: Prioritised<typeof use> = {
    limit: 2,
    line: ({ args }) => args.line,
    worked: ({ key }) => stretch(courses[key]?.worked),
    givenBack: (line) => (line === "a" ? givenBack : []),
    queued: ({ key }) => stretch(courses[key]?.queued),
    priority: ({ args }) => args.priority,
  };
  const history = script.history();
  const checks = { limit: neverMoreThanTheLimit, best: bestPriorityFirst, first: firstComeFirstServed };
  const broken: string[] = [];
  for (const [name, check] of Object.entries(checks))
    if (await complaint(check(items, slots), history)) broken.push(name);
  return broken;
}

test("never more are at work than there are slots, in each line", async () => {
  const two = { o1: { worked: [10, 20] }, o2: { worked: [11, 20] } } satisfies Record<string, Course>;
  expect(await judge({ ...two, o3: { worked: [15, 15] } })).toEqual(["limit"]);
  expect(await judge({ ...two, o3: { worked: [15, 15], line: "b" } })).toEqual([]);
  expect(await judge({ ...two, o3: { worked: [NEVER, NEVER] } })).toEqual([]);
});

test("whose work is done is in flight until a slot is given back", async () => {
  const three = { o1: { worked: [10, 10] }, o2: { worked: [11, 11] }, o3: { worked: [15, 15] } } satisfies Record<
    string,
    Course
  >;
  expect(await judge(three)).toEqual(["limit"]);
  expect(await judge(three, [14])).toEqual([]);
  expect(await judge(three, [16])).toEqual(["limit"]);
});

/** Two hold the slots while others get in line; one slot is given back, and o3 gets it. */
const passed = (o3: Omit<Course, "worked">, o4: Omit<Course, "worked">, more: Partial<Course> = {}) =>
  judge(
    {
      o1: { worked: [10, 40] },
      o2: { worked: [11, 20] },
      o3: { worked: [25, 35], ...o3 },
      o4: { worked: [50, 51], ...o4, ...more },
    },
    [22, 37, 41],
  );

test("the best priority of those who wait goes first", async () => {
  expect(await passed({ queued: [12, 13], priority: 2 }, { queued: [14, 15] })).toEqual(["best"]);
  expect(await passed({ queued: [14, 15], priority: 2 }, { queued: [12, 13] })).toEqual(["best"]);
  expect(await passed({ queued: [12, 13], priority: 0 }, { queued: [14, 15] })).toEqual([]);
});

test("who came first goes first within one priority", async () => {
  expect(await passed({ queued: [14, 15] }, { queued: [12, 13] })).toEqual(["first"]);
  expect(await passed({ queued: [12, 13] }, { queued: [14, 15] })).toEqual([]);
});

test("nothing is said where it is not certain", async () => {
  // both got in line at the same time
  expect(await passed({ queued: [12, 14] }, { queued: [13, 15] })).toEqual([]);
  // a slot was free again when the better one stood in line: the other may have had it
  expect(await passed({ queued: [12, 13], priority: 2 }, { queued: [23, 24] })).toEqual([]);
  // it may have left the line
  expect(await passed({ queued: [14, 15] }, { queued: [12, 13] }, { isCancelled: true })).toEqual([]);
  // it waits in another line
  expect(await passed({ queued: [14, 15] }, { queued: [12, 13] }, { line: "b" })).toEqual([]);
  // a slot is free: the other may have it already
  const two = { o1: { worked: [10, 40], queued: [5, 6] }, o2: { worked: [50, 51], queued: [3, 4] } } satisfies Record<
    string,
    Course
  >;
  expect(await judge(two)).toEqual([]);
});
