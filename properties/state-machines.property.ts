import fc from "fast-check";
import { z } from "zod";
import {
  at,
  cancel,
  checks,
  fastRetries,
  faults,
  type Group,
  groupBy,
  type HistoryView,
  ids,
  type LedgerRecord,
  operation,
  property,
  scenario,
  terminate,
  type Violation,
  violation,
} from "../harness/index.ts";

/** Milliseconds; fewer than those after which a run seems to stand still. */
const TRANSITION_TIME = 30;

const Status = z.enum(["UP", "DOWN"]);
type Status = z.infer<typeof Status>;

const handler = (name: string) =>
  operation({
    args: fc.record({ machine: ids("@m1", "@m1", "@m2", "@m3"), key: fc.option(ids("@k1", "@k2", "@k3")) }),
    request: ({ machine, key }: { machine: string; key: string | null }) => ({
      call: `machineOperator/${name}`,
      key: machine,
      ...(key !== null && { idempotencyKey: `${key} for ${machine}` }),
    }),
    answer: z.strictObject({ status: Status, changed: z.boolean() }),
  });
const [setUp, tearDown] = [handler("setUp"), handler("tearDown")];
const machines = groupBy({ of: [setUp, tearDown], by: ({ machine }) => machine, effectsBy: ({ key }) => key });
type Machine = Group<typeof setUp>;
type Asked = Machine["operations"][number];
const aim = (one: Asked): Status => (setUp.is(one) ? "UP" : "DOWN");

/** What a machine is told: that a transition begins, or that it is done. */
const Told = z.object({ transition: z.number(), to: Status });
const toldBy = (entry: LedgerRecord) => ({ ...Told.parse(entry.data), phase: entry.action, entry });

/** What was begun, with where it was done. */
function transitionsOf({ effects }: Machine) {
  const told = effects.map(toldBy);
  const doneOf = (number: number) => told.find(({ phase, transition }) => phase === "done" && transition === number);
  const begun = told.filter(({ phase }) => phase === "begin");
  return begun.map((one) => ({ ...one, done: doneOf(one.transition)?.entry }));
}
type Transition = ReturnType<typeof transitionsOf>[number];
/** What was begun, and not done, at a place in the history. */
const underWay = (machine: Machine, place: number): Transition[] =>
  transitionsOf(machine).filter(({ entry, done }) => entry.index < place && !(done && done.index < place));

// --- what must hold of what a machine is told

const oneTransitionAtATime = checks.inTurn(machines, {
  step: toldBy,
  mayFollow: ({ phase, transition }, last) =>
    phase === "begin" ? last?.phase !== phase : last?.phase === "begin" && last.transition === transition,
  expected: "begin and done in turn",
});
const alternatesLegally = checks.inTurn(machines, {
  step: toldBy,
  mayFollow: ({ phase, transition, to }, last) =>
    phase === "begin" ? transition > (last?.transition ?? 0) && to !== (last?.to ?? "DOWN") : to === last?.to,
  expected: "up and down in turn, with growing numbers",
});

const takesItsTime = machines.every((machine) => {
  // clocks tick
  const hasty = transitionsOf(machine).find(({ entry, done }) => done && done.at - entry.at < TRANSITION_TIME - 5);
  const summary = `A transition of ${machine.key} took less than ${TRANSITION_TIME} ms.`;
  return hasty && violation(summary, {}, hasty.entry, hasty.done);
});

/** Nobody but a terminated invocation leaves a machine half way. */
const begunIsCompleted = machines.every((machine) => {
  const left = machine.operations.flatMap(({ id, isTerminated }) => (isTerminated ? [id] : []));
  const open = underWay(machine, Infinity).find(({ entry }) => !left.includes(entry.operation ?? ""));
  return open && violation(`${machine.key} was never told that it is ${open.to}.`, {}, open.entry);
});

/** It goes where somebody wants it; what was begun for one that is cancelled may be taken back. */
const carriesWhatWasAsked = checks.effectsCarry(machines, (entry, { operations }) => {
  const isTakenBack = operations.some((one) => one.interruptedBy.has("cancel") && one.id === entry.operation);
  const asked = operations.filter(({ invoked }) => invoked < entry.index).map((one) => ({ to: aim(one) }));
  return isTakenBack ? [{ to: "UP" }, { to: "DOWN" }] : asked;
});

// --- what must hold of the answers

/**
 * Judges every answer, whatever it says; who was terminated has none. What was begun for one is also what was begun for
 * others with its key, unless it failed: what was cancelled while it waited runs again for another.
 */
type Answer = { one: Asked; machine: Machine; begun: Transition[]; from: number; end: number };
const everyAnswer = (judge: (answer: Answer) => Violation | false | undefined) =>
  machines.every((machine, view) => {
    for (const one of machine.operations) {
      const end = checks.heardAt(one, view);
      if (one.isTerminated || !Number.isFinite(end)) continue;
      const same = machine.operations.filter((other) => other === one || other.identity === (one.identity ?? one.id));
      const owners = (one.result === undefined ? [one] : same).map(({ id }) => id);
      const begun = transitionsOf(machine).filter(({ entry }) => owners.includes(entry.operation ?? ""));
      const found = judge({ one, machine, begun, from: Math.min(...same.map(({ invoked }) => invoked)), end });
      if (found) return found;
    }
    return undefined;
  });

/** Nothing of it is still under way, nor what was left by those who had been terminated before anybody asked. */
const finishedBeforeTheAnswer = everyAnswer(({ one, machine, begun, from, end }) => {
  const ended = machine.interruptions.filter(({ kind, outcome }) => kind === "terminate" && outcome === "ok");
  const left = ended.flatMap(({ of, completed }) => (completed < from && one.outcome === "ok" ? [of] : []));
  const open = underWay(machine, end).find(
    ({ entry, transition }) => left.includes(entry.operation) || begun.some((own) => own.transition === transition),
  );
  const summary = `${one} was answered while ${machine.key} was in transition to ${open?.to}.`;
  return open && violation(summary, {}, open.entry, end, open.done);
});

/**
 * "changed" stands for a transition that was done meanwhile. Otherwise nothing was begun; but one that was cancelled may
 * have brought the machine back to where it had been, and what a terminated invocation left is carried through by the next.
 */
const answersAreTruthful = everyAnswer(({ one, machine, begun, from, end }) => {
  if (one.result?.changed) {
    const isIts = ({ to, done }: Transition) => to === aim(one) && done && done.index > from && done.index < end;
    const summary = `${one} was told that it had brought ${machine.key} ${aim(one)}, and it had not.`;
    return !transitionsOf(machine).some(isIts) && violation(summary, {}, one);
  }
  const isTakenBack = one.isInterrupted && begun.length % 2 === 0;
  const isTakenOver = machine.isTerminated && begun.length === 1 && begun[0]?.to === aim(one);
  if (begun.length === 0 || isTakenBack || isTakenOver) return undefined;
  const summary = `${one} ${one.result ? "heard that nothing had changed" : "failed"}, and a transition was begun for it.`;
  return violation(summary, {}, one, ...begun.map(({ entry }) => entry));
});

const linearizable = checks.linearizable<Status, { machine: string; to: Status }, NonNullable<Asked["result"]>>(
  {
    name: "machine",
    init: () => "DOWN",
    partition: ({ machine }) => machine,
    step: (state, { to }, output) =>
      output === undefined || (output.status === to && output.changed === (state !== to)) ? [to] : [],
  },
  [setUp, tearDown].map((kind) => kind.as((one) => ({ machine: one.args.machine, to: aim(one) }))),
);

// --- what a run must have met

const ofMachine = (machine: string) => [setUp({ machine, key: null }), tearDown({ machine, key: null })] as const;
const [[up, down], [otherUp, otherDown]] = [ofMachine("@m1"), ofMachine("@m2")];
const keyed = setUp({ machine: "@m1", key: "@k1" });
const call = (n: number) => at.externalCall("o1", n);
/** The transition of an operation has begun and takes its time. */
const asleep = (operation: string) => at.message(operation, 7);

/** Some transitions, of several machines, were under way at the same time and differed in this. */
const atOnce = (differ: (one: Transition) => string) => (view: HistoryView) =>
  view.ledger.some(({ index }) => {
    const all = machines.in(view).flatMap((machine) => underWay(machine, index + 1));
    return new Set(all.map(differ)).size > 1;
  });
/** It was ended in this way while its transition was under way. */
const endedInTransition = (kind: "cancel" | "terminate") =>
  machines.some((machine) =>
    machine.interruptions.some(
      (one) => one.kind === kind && underWay(machine, one.invoked).some(({ entry }) => entry.operation === one.of),
    ),
  );

property("a machine goes up and down in whole transitions, one at a time", {
  pattern: "state-machines",
  settings: { TRANSITION_TIME, ...fastRetries },
  operations: { setUp, tearDown },
  storm: { operations: 8 },
  invariants: {
    "one transition at a time": oneTransitionAtATime,
    "alternates legally": alternatesLegally,
    "takes its time": takesItsTime,
    "begun is completed": begunIsCompleted,
    "effects carry what was asked": carriesWhatWasAsked,
    "finished before the answer": finishedBeforeTheAnswer,
    "answers are truthful": answersAreTruthful,
    linearizable,
    "machines do not wait for each other": checks.notBlockedByOthers(machines),
    "no spurious effect": checks.noSpuriousEffects(machines),
  },
  scenarios: {
    "a machine goes up and down again": scenario({ o1: up, o2: down.after("o1"), o3: up.after("o2") }),
    "a machine is asked to be as it is": scenario({ o1: down, o2: up.after("o1"), o3: up.after("o2") }).reachedWhen(
      machines.some(({ operations }) => operations.some(({ result }) => result?.changed === false)),
    ),
    "up and down are asked of one machine at the same time": scenario({
      o1: up,
      o2: down.after(call(1)),
      o3: up.before(call(2)),
    }).reachedWhen(machines.someTwo((a, b) => aim(a) !== aim(b) && a.overlaps(b))),
    "two machines are in transition at the same time": scenario(
      { o1: up, o2: otherUp.after(call(1)) },
      faults.stall.before(call(2)).until(at.answered("o2")),
    ).reachedWhen(atOnce(({ entry }) => entry.key)),
    "a machine ends its transition while another is held up": scenario(
      { o1: up, o2: otherUp.before(call(1)) },
      faults.answerLate.after(call(1)).until(at.answered("o2")),
    ).reachedWhen(checks.someGoesOn(machines, ({ action }) => action === "done")),
    "one machine goes up while another goes down": scenario({
      o1: otherUp,
      o2: up.after("o1"),
      o3: otherDown.after(asleep("o2")),
    }).reachedWhen(atOnce(({ to }) => to)),
    "a request is made again after a lost answer": scenario(
      { o1: keyed, o2: keyed.after("o1") },
      faults.walkAway.after(at.message("o1", 3)),
    ),
    "a transition is cancelled": scenario({
      o1: up,
      o2: cancel("o1").after(asleep("o1")),
      o3: down.after("o1"),
    }).reachedWhen(endedInTransition("cancel")),
    "a transition is cancelled again before it ends": scenario({
      o1: up,
      o2: cancel("o1").after(asleep("o1")),
      o3: cancel("o1").after("o2"),
    }),
    "a transition is terminated, and the machine is used again": scenario({
      o1: up,
      o2: terminate("o1").after(asleep("o1")),
      o3: up.after("o2"),
      o4: down.after("o3"),
    }).reachedWhen(endedInTransition("terminate")),
    "a transition is terminated before it is known that it was intended": scenario({
      o1: up,
      o2: terminate("o1").after(call(1)),
      o3: down.after("o2"),
    }).inOrder(at.after(at.answered("o2")), at.before(at.message("o1", 2))),
    "the endpoint is killed in mid-transition": scenario({ o1: up }, faults.killEndpoint.after(call(1))),
    "the connection to the endpoint is lost in mid-transition": scenario(
      { o1: up },
      faults.cutConnection.after(asleep("o1")),
    ),
    "Restate is killed in mid-transition": scenario({ o1: up }, faults.killServer.before(call(2))),
    "a zombie tells a machine late": scenario(
      { o1: up, o2: down.after("o1") },
      faults.zombie.before(call(2)).until(at.answered("o2")),
    ),
    "a machine does not answer its begin": scenario({ o1: up }, faults.loseAnswer.after(call(1))),
    "a machine fails before it hears": scenario({ o1: up }, faults.failCall.before(call(2))),
  },
});
