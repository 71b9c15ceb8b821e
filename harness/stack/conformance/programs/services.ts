import * as restate from "@restatedev/restate-sdk";
import { type Input, Interpreter } from "./interpreter.ts";
import type { Variant } from "./program.ts";

/** A service, a virtual object and a workflow that do what their input says. */
export function programServices(
  variant: Variant,
  plain: restate.ServiceOptions,
  stateful: { enableLazyState?: boolean },
) {
  const options = { ...plain, ...stateful };
  const { handlers } = restate;
  return [
    restate.service({
      name: `programService${variant}`,
      options: plain,
      handlers: {
        run: (base: restate.Context, input: Input) => new Interpreter({ base }, input, variant).run(),
      },
    }),
    restate.object({
      name: `programObject${variant}`,
      options,
      handlers: {
        run: (base: restate.ObjectContext, input: Input) =>
          new Interpreter({ base, shared: base, exclusive: base }, input, variant).run(),
        shared: handlers.object.shared((base: restate.ObjectSharedContext, input: Input) =>
          new Interpreter({ base, shared: base }, input, variant).run(),
        ),
      },
    }),
    restate.workflow({
      name: `programWorkflow${variant}`,
      options,
      handlers: {
        run: (base: restate.WorkflowContext, input: Input) =>
          new Interpreter({ base, shared: base, exclusive: base, workflow: base }, input, variant).run(),
        shared: handlers.workflow.shared((base: restate.WorkflowSharedContext, input: Input) =>
          new Interpreter({ base, shared: base, workflow: base }, input, variant).run(),
        ),
      },
    }),
  ];
}
