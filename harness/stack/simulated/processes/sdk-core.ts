import path from "node:path";
import { hash, hashNumber } from "../chance.ts";
import { ExecutionContext } from "./execution-context.ts";
import { type CoreBindings, type HashKey, HashKeys } from "./hash-keys.ts";
import { virtualGlobals } from "./virtual-globals.ts";

const managed = new WeakSet<object>();

/** where the SDK has its bindings, in its package */
const BINDINGS = "dist/endpoint/handlers/vm/sdk_shared_core_wasm_bindings.cjs";

/**
 * Takes control of the SDK's state machines, of which there is a WebAssembly object for each attempt. To be called before
 * the SDK makes the first one.
 * @param require of the bundle that uses the SDK
 * @throws when this version of the SDK cannot be controlled: runs would not be exact
 */
export function controlSdk(require: NodeJS.Require): void {
  const manifest = require.resolve("@restatedev/restate-sdk/package.json");
  const { version } = require(manifest) as { version: string };
  try {
    controlCore(require(path.join(path.dirname(manifest), BINDINGS)) as CoreBindings);
  } catch (error) {
    throw new Error(
      `the simulation cannot make runs exact with version ${version} of @restatedev/restate-sdk: ${reasonOf(error)}. ` +
        "Use another version of the SDK, or run on the real server: STACK=native",
    );
  }
}

/** the first line: of a module that is not found, the others say who asked for it */
const reasonOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "";

/**
 * Each state machine has hash keys from the seed and from the name of its attempt, and is known to its attempt: only the
 * garbage collector would free it, late, and making one takes longer the more of them there are. Idempotent.
 * @throws when the hash keys are not found
 */
export function controlCore(bindings: CoreBindings): void {
  if (managed.has(bindings)) return;
  const { WasmVM } = bindings;
  if (typeof WasmVM !== "function") throw new Error("it has no WasmVM");
  const keys = HashKeys.find(bindings);
  // the SDK reads the class from the bindings each time it makes a state machine
  bindings.WasmVM = class extends WasmVM {
    constructor(...args: unknown[]) {
      const context = virtualGlobals.getStore();
      if (!(context instanceof ExecutionContext)) {
        super(...args);
        return;
      }
      keys.set(keyOf(context));
      super(...args);
      context.vm = this;
    }
  };
  managed.add(bindings);
}

function keyOf({ process, name }: ExecutionContext): HashKey {
  const key = hash(process.host.seed, `hash keys ${name}`);
  return [hashNumber(key, 0), hashNumber(key, 1), hashNumber(key, 2), hashNumber(key, 3)];
}
