import { expect, test } from "vitest";
import type { HistoryEvent } from "../../history/index.ts";
import { longHistory, restlessTrip, twoWinners } from "../samples.ts";
import { layOut } from "./timeline-layout.ts";

test("lanes: clients, then invocations with children after their parent, then external systems", () => {
  const { lanes } = layOut(restlessTrip().history);
  expect(lanes.map(({ group, title, subtitle }) => [group, title, subtitle])).toEqual([
    ["clients", "client A", undefined],
    ["clients", "client B", undefined],
    ["invocations", "BookingWorkflow/@t1/run", "o4"],
    ["invocations", "↳\u00a0paymentAudit/@t1/note", "child 1 of o4"],
    ["systems", "flights", undefined],
    ["systems", "cars", undefined],
    ["systems", "audit", undefined],
  ]);
});

test("every event has one mark, in order, in the lane of whom it happened to; faults and the recovery go across", () => {
  const { history } = twoWinners();
  const { marks, lanes } = layOut(history);
  expect(marks.map(({ event }) => event)).toEqual(history.events.map((_, index) => index));
  const where = marks.map(({ lane, look }) => `${look} ${lane === undefined ? "across" : lanes[lane]!.title}`);
  expect(where.slice(0, 5)).toEqual([
    "invoke client A",
    "started product/@p1/reserve",
    "invoke client B",
    "injected across",
    "lost product/@p1/reserve",
  ]);
  const trip = layOut(restlessTrip().history);
  const late = trip.marks.filter(({ look }) => look === "recovery" || look === "learned");
  expect(late.map(({ look, lane }) => [look, lane === undefined ? "across" : trip.lanes[lane]?.title])).toEqual([
    ["recovery", "across"],
    ["learned", "client A"],
  ]);
});

test("bars span from beginning to end; without an end they stay open", () => {
  const { bars } = layOut(restlessTrip().history);
  const told = bars.map(({ what, from, to, end }) => `${what} ${from}-${to ?? ""} ${end}`);
  expect(told).toContain("operation 0-1 ok");
  expect(told).toContain("operation 2-25 info");
  expect(told).toContain("attempt 3-6 lost");
  expect(told).toContain("attempt 7-14 suspended");
  expect(told).toContain("attempt 24- open");
  expect(told).toContain("fault 5-17 healed");
  expect(told.filter((bar) => bar.startsWith("fault"))).toHaveLength(1);
});

test("an attempt that outlives its successor's start lies beside it", () => {
  const { operations } = twoWinners().history;
  const attempt = (number: number, phase: "started" | "ended"): HistoryEvent => ({
    type: "attempt",
    at: 0,
    operation: "o1",
    invocation: "inv",
    target: "product/@p1/reserve",
    attempt: number,
    phase,
  });
  const { bars, marks } = layOut({
    operations,
    events: [
      attempt(1, "started"),
      attempt(2, "started"),
      attempt(2, "ended"),
      attempt(1, "ended"),
      attempt(3, "started"),
    ],
  });
  expect(bars.map(({ from, slot }) => [from, slot])).toEqual([
    [0, 0],
    [1, 1],
    [4, 0],
  ]);
  expect(marks.map(({ slot }) => slot)).toEqual([0, 1, 1, 0, 0]);
});

test("links: calls, requests, answers; a request of an attempt that was over is late", () => {
  const { history } = restlessTrip();
  const { links, lanes } = layOut(history);
  const told = links.map(
    ({ event, from, to, what, late }) =>
      `${event} ${what}${late ? " (late)" : ""}: ${lanes[from]!.title} -> ${lanes[to]!.title}`,
  );
  expect(told).toContain("3 call: client A -> BookingWorkflow/@t1/run");
  expect(told).toContain("11 call: BookingWorkflow/@t1/run -> ↳\u00a0paymentAudit/@t1/note");
  expect(told).toContain("4 request: BookingWorkflow/@t1/run -> flights");
  expect(told).toContain("12 request: ↳\u00a0paymentAudit/@t1/note -> audit");
  expect(told).toContain("21 request (late): BookingWorkflow/@t1/run -> flights");
  expect(
    told.filter((link) => link.startsWith("27 ")),
    "a lapse is nobody's request",
  ).toEqual([]);
  expect(
    told.filter((link) => link.startsWith("1 ")),
    "accepted before the invocation began",
  ).toEqual([]);
  expect(layOut(twoWinners().history).links).toContainEqual({ event: 7, what: "answer", from: 3, to: 1 });
});

test("two operations with one invocation share its lane", () => {
  const { history } = twoWinners();
  const events = history.events.map((event) =>
    event.type === "ok" && event.operation === "o2" ? { ...event, invocation: "inv_o1" } : event,
  );
  expect(layOut({ ...history, events }).lanes[2]).toMatchObject({ subtitle: "o1, o2" });
});

test("many invocations share as few lanes as possible, and their marks say which they are", () => {
  const { history } = longHistory(60);
  const { lanes, marks, bars } = layOut(history);
  expect(lanes.filter(({ group }) => group === "invocations")).toHaveLength(1);
  expect(marks.find(({ look }) => look === "started")!.label).toBe("product/@p1/reserve attempt 1");
  const attempts = bars.filter(({ what }) => what === "attempt");
  expect(new Set(attempts.map(({ lane, from }) => `${lane} ${from}`)).size).toBe(attempts.length);
});

test("events of an operation that nobody knows have no lane, but a mark", () => {
  const { operations } = twoWinners().history;
  const { marks } = layOut({ operations, events: [{ type: "invoke", at: 0, operation: "o77" }] });
  expect(marks).toHaveLength(1);
  expect(marks[0]!.lane).toBeUndefined();
});
