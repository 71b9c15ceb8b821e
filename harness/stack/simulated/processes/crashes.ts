import type { ProcessDeath } from "../../stack.ts";
import { SubjectDied } from "./deaths.ts";
import { ExecutionContext } from "./execution-context.ts";
import { placeHere } from "./places.ts";
import { virtualGlobals } from "./virtual-globals.ts";

type Emit = (event: string | symbol, ...args: unknown[]) => boolean;

let installed = false;

/**
 * What ends a Node process ends the simulated one when simulated code does it, and not ours: errors that nobody caught,
 * rejections that nobody handled, `process.exit` and its kin. Installed once per Node process. For real code all is as ever.
 */
export function installCrashes(): void {
  if (installed) return;
  installed = true;
  installErrors();
  installExits();
}

function installErrors(): void {
  const emit = process.emit as Emit;
  process.emit = function (this: NodeJS.Process, event: string | symbol, ...args: unknown[]): boolean {
    const context = virtualGlobals.getStore();
    if (!(context instanceof ExecutionContext)) return emit.call(this, event, ...args);
    if (event === "uncaughtExceptionMonitor") return true;
    if (event === "unhandledRejection") context.process.crash(context, args[0], "unhandled-rejection");
    else if (event === "uncaughtException") context.process.crash(context, args[0]);
    else return emit.call(this, event, ...args);
    return true;
  } as typeof process.emit;
}

function installExits(): void {
  const { exit, abort, kill } = process;
  /** Ends the simulated process whose code is running; returns when none is. */
  const end = (how: string): void => {
    const context = virtualGlobals.getStore();
    if (!(context instanceof ExecutionContext)) return;
    const message = `the service process ended: ${how}`;
    const death: ProcessDeath = { kind: "exit", handler: context.work, message, place: placeHere() };
    context.process.exit(death);
    // the function does not return: this goes through the code that called it, whose process is dead by now
    throw new SubjectDied(death);
  };
  process.exit = (code) => {
    end(`exit code ${code ?? 0}`);
    return exit.call(process, code);
  };
  process.abort = () => {
    end("it aborted");
    return abort.call(process);
  };
  process.kill = (pid, signal) => {
    if (pid === process.pid && signal !== 0) end(`it killed itself with ${signal ?? "SIGTERM"}`);
    return kill.call(process, pid, signal);
  };
}
