import path from "node:path";
import { surroundings } from "./ambient.ts";
import { Strand } from "./process.ts";

export interface Freeable {
  free(): void;
}

const managed = new WeakSet<object>();

/**
 * The SDK's state machine is a WebAssembly object for each attempt, which only the garbage collector frees, late: and
 * making one takes longer the more of them are alive. Here a process frees them when it ends, and its oldest before.
 * This is the one place that touches something internal to the SDK; when a version does not have it, runs are slower, no
 * more.
 * @param require of the bundle that uses the SDK
 */
export function manageWasm(require: NodeJS.Require): void {
  const manifest = require.resolve("@restatedev/restate-sdk/package.json");
  const bindings = path.join(path.dirname(manifest), "dist/endpoint/handlers/vm/sdk_shared_core_wasm_bindings.cjs");
  let machine: { prototype: { get_response_head?: () => unknown } } | undefined;
  try {
    machine = (require(bindings) as { WasmVM?: typeof machine }).WasmVM;
  } catch {
    return;
  }
  const head = machine?.prototype.get_response_head;
  if (!machine || !head || managed.has(machine)) return;
  managed.add(machine);
  machine.prototype.get_response_head = function (this: Freeable) {
    const strand = surroundings.getStore();
    if (strand instanceof Strand) strand.vm = this;
    return head.call(this);
  };
}
