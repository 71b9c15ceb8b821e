import { expect, test } from "vitest";
import { Attribution } from "./attribution.ts";
import { attempt, callCommand, childNamed, input } from "./testing.ts";

const parent = attempt("inv-p", "payments/@p1/pay");
const withdraw = "accounts/@a1/withdraw";

/** An attribution that knows the parent's operation. */
function make(): Attribution {
  const attribution = new Attribution();
  attribution.observe(parent, input("tag-/o1"));
  return attribution;
}

/** A child's first attempt gets its input. */
const begins = (attribution: Attribution, invocation: string, target: string, value = "") =>
  attribution.observe(attempt(invocation, target), input(undefined, value));

test("an invocation works for the operation that its input names", () => {
  const attribution = make();
  expect(attribution.ownerOf("inv-p")).toEqual({ tag: "tag-", operation: "o1" });
  expect(attribution.ownerOf("inv-x")).toBeUndefined();
});

test("an invocation without the name of an operation works for none that is known", () => {
  const attribution = new Attribution();
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
    begins(attribution, "inv-c", withdraw);
    expect(attribution.ownerOf("inv-c")).toEqual({ tag: "tag-", operation: "o1", child: 1 });
  },
);

test("a child that begins before it is named is known by its target and its input", () => {
  const attribution = make();
  attribution.observe(parent, callCommand("accounts/@a2/deposit", 1));
  attribution.observe(parent, callCommand(withdraw, 3));
  begins(attribution, "inv-other", "accounts/@a9/withdraw");
  begins(attribution, "inv-c", withdraw);
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
  for (const id of ["inv-c1", "inv-c2", "inv-c3"]) begins(attribution, id, withdraw);
  expect(["inv-c1", "inv-c2", "inv-c3"].map((id) => attribution.ownerOf(id)?.child)).toEqual([1, 2, undefined]);
});

test("a child is not taken for one that was called with another input, of whomever", () => {
  const attribution = make();
  const other = attempt("inv-q", "worker//run");
  attribution.observe(other, input("other-/o9"));
  // the parent's attempt is lost here, and with it the children's names
  attribution.observe(parent, callCommand("worker//runSubtask", 1, "Call", "sand"));
  attribution.observe(parent, callCommand("worker//runSubtask", 3, "Call", "paint"));
  attribution.observe(other, callCommand("worker//runSubtask", 1, "Call", "saw"));
  begins(attribution, "inv-saw", "worker//runSubtask", "saw");
  begins(attribution, "inv-paint", "worker//runSubtask", "paint");
  begins(attribution, "inv-varnish", "worker//runSubtask", "varnish");
  begins(attribution, "inv-sand", "worker//runSubtask", "sand");
  expect(["inv-saw", "inv-paint", "inv-varnish", "inv-sand"].map((id) => attribution.ownerOf(id))).toEqual([
    { tag: "other-", operation: "o9", child: 1 },
    { tag: "tag-", operation: "o1", child: 2 },
    undefined,
    { tag: "tag-", operation: "o1", child: 1 },
  ]);
});

test("a wrong guess among calls of the same target is corrected by their names", () => {
  const attribution = make();
  attribution.observe(parent, callCommand(withdraw, 1));
  attribution.observe(parent, callCommand(withdraw, 3));
  begins(attribution, "inv-second", withdraw);
  expect(attribution.ownerOf("inv-second")?.child).toBe(1);
  attribution.observe(parent, childNamed(3, "inv-second"));
  expect(attribution.ownerOf("inv-second")?.child).toBe(2);
  // and the first is free for the one to which it belongs
  begins(attribution, "inv-first", withdraw);
  expect(attribution.ownerOf("inv-first")?.child).toBe(1);
  attribution.observe(parent, childNamed(1, "inv-first"));
  expect(attribution.ownerOf("inv-first")?.child).toBe(1);
});

test("an invocation that a parent's call has joined is the client's who made it", () => {
  const attribution = make();
  attribution.observe(parent, callCommand(withdraw, 1));
  attribution.observe(parent, childNamed(1, "inv-d"));
  expect(attribution.ownerOf("inv-d")).toEqual({ tag: "tag-", operation: "o1", child: 1 });
  attribution.observe(attempt("inv-d", withdraw), input("tag-/o2"));
  expect(attribution.ownerOf("inv-d")).toEqual({ tag: "tag-", operation: "o2" });
  begins(attribution, "inv-c", withdraw);
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
  begins(attribution, "inv-c2", withdraw);
  expect(attribution.ownerOf("inv-c2")).toBeUndefined();
});
