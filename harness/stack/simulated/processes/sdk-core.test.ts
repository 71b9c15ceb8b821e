import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import type { CoreBindings } from "./hash-keys.ts";
import { controlCore, controlSdk } from "./sdk-core.ts";

/** How a false core makes a state machine: it works on the memory. */
type Make = (memory: Uint32Array) => void;

/** Bindings whose memory does what a test wants. */
function bindings(make: Make): CoreBindings {
  const memory = new Uint32Array(256);
  const decoder = new TextDecoder();
  return {
    WasmVM: class {
      constructor() {
        make(memory);
      }
      free(): void {}
    },
    WasmHeader: class {
      get key(): string {
        return decoder.decode(new Uint8Array(memory.buffer).subarray(0, 4));
      }
      free(): void {}
    },
  };
}

/** Counts at a place, and copies the key to another, as a hash map would. */
const mapWithKeyAt =
  (index: number, copy: number): Make =>
  (memory) => {
    memory.copyWithin(copy, index, index + 4);
    memory[index] = (memory[index] ?? 0) + 1;
  };

test("the class of the state machines is replaced when the hash keys are found", () => {
  const core = bindings(mapWithKeyAt(100, 200));
  const { WasmVM } = core;
  controlCore(core);
  expect(core.WasmVM).not.toBe(WasmVM);
});

test("a core without hash keys, or with a counter that is not one, is refused", () => {
  const counts: Make = (memory) => void memory.fill((memory[100] ?? 0) + 1, 100, 101);
  let made = 0;
  const showsItsCount: Make = (memory) => void memory.fill(++made, 100, 101);
  for (const make of [() => {}, counts, showsItsCount])
    expect(() => controlCore(bindings(make))).toThrow("its hash keys were found in 0 places of its memory, not in one");
});

test("a core with several places that may be its hash keys is refused", () => {
  const twice: Make = (memory) => {
    mapWithKeyAt(100, 200)(memory);
    mapWithKeyAt(120, 220)(memory);
  };
  expect(() => controlCore(bindings(twice))).toThrow("its hash keys were found in 2 places");
});

test("a core whose memory cannot be seen is refused", () => {
  const core = bindings(() => {});
  core.WasmHeader = class {
    key = "";
    free(): void {}
  };
  expect(() => controlCore(core)).toThrow("its memory cannot be seen");
});

test("another version of the SDK is named in one sentence, with what to do", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "stormproof-"));
  try {
    const sdk = path.join(folder, "node_modules/@restatedev/restate-sdk");
    mkdirSync(sdk, { recursive: true });
    writeFileSync(path.join(sdk, "package.json"), JSON.stringify({ version: "9.9.9" }));
    expect(() => controlSdk(createRequire(path.join(folder, "bundle.cjs")))).toThrow(
      /^the simulation cannot make runs exact with version 9\.9\.9 of @restatedev\/restate-sdk: .*STACK=native$/,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});
