import { expect, test } from "vitest";
import { Attribution } from "./attribution.ts";
import { attempt, callCommand, childNamed, input } from "./testing.ts";

const parent = attempt("inv-p", "payments/@p1/pay");
const withdraw = "accounts/@a1/withdraw";

/** An attribution that knows the parent's operation. */
function make(): Attribution {
  const attribution = new Attribution();
  attribution.opened(parent);
  attribution.observe(parent, input("tag-/o1"));
  return attribution;
}

test("an invocation works for the operation that its input names", () => {
  const attribution = make();
  expect(attribution.ownerOf("inv-p")).toEqual({ tag: "tag-", operation: "o1" });
  expect(attribution.ownerOf("inv-x")).toBeUndefined();
});

test("an invocation without the name of an operation works for none that is known", () => {
  const attribution = new Attribution();
  attribution.opened(parent);
  attribution.observe(parent, input());
  expect(attribution.ownerOf("inv-p")).toBeUndefined();
});

test.each(["Call", "OneWayCall"] as const)(
  "a child by %s is known once it is named, when it begins after that",
  (type) => {
    const attribution = make();
    attribution.observe(parent, callCommand(withdraw, 1, type));
    attribution.observe(parent, childNamed(1, "inv-c"));
    expect(attribution.ownerOf("inv-c")).toEqual({ tag: "tag-", operation: "o1", child: 1 });
    attribution.opened(attempt("inv-c", withdraw));
    expect(attribution.ownerOf("inv-c")).toEqual({ tag: "tag-", operation: "o1", child: 1 });
  },
);

test("a child that begins before it is named is known by its target", () => {
  const attribution = make();
  attribution.observe(parent, callCommand("accounts/@a2/deposit", 1));
  attribution.observe(parent, callCommand(withdraw, 3));
  attribution.opened(attempt("inv-other", "accounts/@a9/withdraw"));
  attribution.opened(attempt("inv-c", withdraw));
  expect(attribution.ownerOf("inv-c")).toEqual({ tag: "tag-", operation: "o1", child: 2 });
  expect(attribution.ownerOf("inv-other")).toBeUndefined();
  attribution.observe(parent, childNamed(3, "inv-c"));
  expect(attribution.ownerOf("inv-c")).toEqual({ tag: "tag-", operation: "o1", child: 2 });
});

test("children are counted in the order of their calls, over all of the operation's invocations", () => {
  const attribution = make();
  attribution.observe(parent, callCommand(withdraw, 1));
  attribution.observe(parent, childNamed(1, "inv-c1"));
  const child = attempt("inv-c1", withdraw);
  attribution.observe(child, callCommand("audit//note", 1));
  attribution.observe(parent, callCommand("accounts/@a2/deposit", 3));
  attribution.observe(child, childNamed(1, "inv-c2"));
  attribution.observe(parent, childNamed(3, "inv-c3"));
  expect(["inv-c1", "inv-c2", "inv-c3"].map((id) => attribution.ownerOf(id)?.child)).toEqual([1, 2, 3]);
});

test("an attempt that calls again what the one before it called keeps the numbers", () => {
  const attribution = make();
  attribution.observe(parent, callCommand(withdraw, 1));
  attribution.observe(parent, childNamed(1, "inv-c1"));
  // replayed, and then it gets further
  const again = attempt("inv-p", "payments/@p1/pay", 2);
  attribution.opened(again);
  attribution.observe(again, input("tag-/o1"));
  attribution.observe(again, callCommand(withdraw, 1));
  attribution.observe(again, childNamed(1, "inv-c1"));
  attribution.observe(again, callCommand(withdraw, 3));
  attribution.observe(again, childNamed(3, "inv-c2"));
  expect(attribution.ownerOf("inv-c1")).toEqual({ tag: "tag-", operation: "o1", child: 1 });
  expect(attribution.ownerOf("inv-c2")).toEqual({ tag: "tag-", operation: "o1", child: 2 });
});

test("children of the same target that begin before they are named are taken for its calls one after the other", () => {
  const attribution = make();
  attribution.observe(parent, callCommand(withdraw, 1));
  attribution.observe(parent, callCommand(withdraw, 3));
  for (const id of ["inv-c1", "inv-c2", "inv-c3"]) attribution.opened(attempt(id, withdraw));
  expect(["inv-c1", "inv-c2", "inv-c3"].map((id) => attribution.ownerOf(id)?.child)).toEqual([1, 2, undefined]);
});

test("a wrong guess among calls of the same target is corrected by their names", () => {
  const attribution = make();
  attribution.observe(parent, callCommand(withdraw, 1));
  attribution.observe(parent, callCommand(withdraw, 3));
  attribution.opened(attempt("inv-second", withdraw));
  expect(attribution.ownerOf("inv-second")?.child).toBe(1);
  attribution.observe(parent, childNamed(3, "inv-second"));
  expect(attribution.ownerOf("inv-second")?.child).toBe(2);
  // and the first is free for the one to which it belongs
  attribution.opened(attempt("inv-first", withdraw));
  expect(attribution.ownerOf("inv-first")?.child).toBe(1);
  attribution.observe(parent, childNamed(1, "inv-first"));
  expect(attribution.ownerOf("inv-first")?.child).toBe(1);
});

test("a client's own invocation that was taken for a child is corrected by its input", () => {
  const attribution = make();
  attribution.observe(parent, callCommand(withdraw, 1));
  const direct = attempt("inv-d", withdraw);
  attribution.opened(direct);
  expect(attribution.ownerOf("inv-d")).toEqual({ tag: "tag-", operation: "o1", child: 1 });
  attribution.observe(direct, input("tag-/o2"));
  expect(attribution.ownerOf("inv-d")).toEqual({ tag: "tag-", operation: "o2" });
  attribution.opened(attempt("inv-c", withdraw));
  expect(attribution.ownerOf("inv-c")).toEqual({ tag: "tag-", operation: "o1", child: 1 });
});

test("an operation's invocation keeps its owner, whatever header it is called with later", () => {
  const attribution = make();
  attribution.observe(attempt("inv-p", "payments/@p1/pay", 2), input("tag-/o7"));
  expect(attribution.ownerOf("inv-p")).toEqual({ tag: "tag-", operation: "o1" });
});

test("what is over is forgotten: a call of it takes no invocation any more", () => {
  const attribution = make();
  attribution.observe(parent, callCommand(withdraw, 1));
  attribution.observe(parent, callCommand(withdraw, 3));
  attribution.observe(parent, childNamed(1, "inv-c1"));
  attribution.forget(["inv-p", "inv-c1"]);
  expect(attribution.ownerOf("inv-p")).toBeUndefined();
  expect(attribution.ownerOf("inv-c1")).toBeUndefined();
  attribution.opened(attempt("inv-c2", withdraw));
  expect(attribution.ownerOf("inv-c2")).toBeUndefined();
});
