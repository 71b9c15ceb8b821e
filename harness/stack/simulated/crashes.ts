import { surroundings } from "./ambient.ts";
import { Strand } from "./process.ts";

type Emit = (event: string | symbol, ...args: unknown[]) => boolean;

let installed = false;

/**
 * An error of simulated code that nobody caught, or a rejection that nobody handled, ends its process: the simulated one,
 * not ours. Installed once per Node process. Errors of real code pass as ever.
 */
export function installCrashes(): void {
  if (installed) return;
  installed = true;
  const emit = process.emit as Emit;
  process.emit = function (this: NodeJS.Process, event: string | symbol, ...args: unknown[]): boolean {
    const strand = surroundings.getStore();
    if (!(strand instanceof Strand)) return emit.call(this, event, ...args);
    if (event === "uncaughtExceptionMonitor") return true;
    if (event !== "unhandledRejection" && event !== "uncaughtException") return emit.call(this, event, ...args);
    strand.process.crash(args[0]);
    return true;
  } as typeof process.emit;
}
