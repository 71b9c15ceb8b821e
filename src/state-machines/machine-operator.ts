import * as restate from "@restatedev/restate-sdk";
import { machines } from "../external/machines.ts";
import { externalRetries, transitionTime } from "../shared/configuration.ts";
import { spell } from "../shared/spelling.ts";
import { untilSettled } from "../shared/until-settled.ts";

/**
 * The operator of one machine, which is DOWN at first. A transition that was begun is always carried through: after a
 * crash, under cancellation, and, when its invocation was terminated, by whoever comes next.
 */
export const machineOperator = restate.object({
  name: "machineOperator",
  handlers: {
    setUp: (ctx: restate.ObjectContext<MachineState>): Promise<Answer> => bringTo(ctx, "UP"),
    tearDown: (ctx: restate.ObjectContext<MachineState>): Promise<Answer> => bringTo(ctx, "DOWN"),
  },
});

type Status = "UP" | "DOWN";
type Answer = { status: Status; changed: boolean };
interface Transition {
  number: number;
  to: Status;
  finished: boolean;
}
/** One value, so that no invocation can end between two parts of it. */
type MachineState = { transition: Transition };

async function bringTo(ctx: restate.ObjectContext<MachineState>, to: Status): Promise<Answer> {
  const last = (await ctx.get("transition")) ?? { number: 0, to: "DOWN", finished: true };
  if (!last.finished) await carryOut(ctx, last);
  if (last.to === to) return { status: to, changed: false };
  await carryOut(ctx, { number: last.number + 1, to, finished: false });
  return { status: to, changed: true };
}

/** However often the invocation is cancelled meanwhile: a machine must not be left half way. */
async function carryOut(ctx: restate.ObjectContext<MachineState>, transition: Transition): Promise<void> {
  const { number, to } = transition;
  // what is said is known by the number, so that it is recognised whoever says it again
  const tell = (phase: "begin" | "done") => {
    const tag = { key: `${spell(ctx.key)}/${number}/${phase}`, reference: ctx.key };
    const action = () => machines[phase]({ machine: ctx.key, transition: number, to }, tag);
    return untilSettled(ctx.run(phase, action, externalRetries()));
  };

  ctx.set("transition", transition);
  // a termination leaves only what has reached the server; its acknowledgement of this step vouches for the state before
  await untilSettled(ctx.run("intend", () => {}));
  await tell("begin");
  await untilSettled(ctx.sleep(transitionTime()));
  await tell("done");
  ctx.set("transition", { ...transition, finished: true });
}
