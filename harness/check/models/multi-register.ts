import { isDeepStrictEqual } from "node:util";
import type { Json } from "../../plan/index.ts";
import type { Model } from "../model.ts";

/** The parts of a transaction, in their order. Of a read `value` says nothing. */
export type MultiRegisterInput = readonly { f: "read" | "write"; key: string; value: Json }[];
/** For each part the value that was read, or written. */
export type MultiRegisterOutput = Json;

/** Registers by key that are read and written together, in transactions; each holds `initial` to begin with. */
export function multiRegister(
  initial: Json,
): Model<Readonly<Record<string, Json>>, MultiRegisterInput, MultiRegisterOutput> {
  return {
    name: "multi-register",
    init: () => ({}),
    step(state, input, output) {
      const answers = Array.isArray(output) ? output : undefined;
      const next = { ...state };
      for (const [place, { f, key, value }] of input.entries()) {
        if (f === "write" && isDeepStrictEqual(value, initial)) delete next[key];
        else if (f === "write") next[key] = value;
        else if (answers && !isDeepStrictEqual(next[key] ?? initial, answers[place])) return [];
      }
      return [next];
    },
    reads: (input) => input.every(({ f }) => f === "read"),
    describe(input, output) {
      const parts = input.map(({ f, key, value }, place) => {
        if (f === "write") return `write(${key}, ${JSON.stringify(value)})`;
        return `read(${key}) -> ${Array.isArray(output) ? JSON.stringify(output[place]) : "?"}`;
      });
      return `[${parts.join(", ")}]`;
    },
    describeState(state) {
      const held = Object.entries(state).map(([key, value]) => `${key} at ${JSON.stringify(value)}`);
      return held.length === 0 ? `all registers are at ${JSON.stringify(initial)}` : held.join(", ");
    },
  };
}
