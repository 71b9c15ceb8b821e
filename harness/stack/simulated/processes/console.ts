import { formatWithOptions } from "node:util";
import { ExecutionContext } from "./execution-context.ts";
import { virtualGlobals } from "./virtual-globals.ts";

const PRINTING: ReadonlySet<PropertyKey> = new Set(["debug", "error", "info", "log", "warn"]);

/**
 * What services know as `console`. What they print stands in the trace, where there is one to read, and otherwise where
 * the real console writes it: outside of the simulation, since it uses files or sockets.
 */
export const virtualConsole: Console = new Proxy(console, {
  get(real, name) {
    const member: unknown = Reflect.get(real, name);
    if (typeof member !== "function") return member;
    return (...args: unknown[]) => {
      const context = virtualGlobals.getStore();
      const scheduler = context instanceof ExecutionContext ? context.process.host.scheduler : undefined;
      if (!scheduler?.trace.hasReader || !PRINTING.has(name))
        return virtualGlobals.exit(() => Reflect.apply(member, real, args));
      const text = formatWithOptions({ breakLength: Number.POSITIVE_INFINITY }, ...(args as [unknown]));
      scheduler.trace.note(scheduler.now, `${(context as ExecutionContext).name} prints: ${text}`);
    };
  },
});
