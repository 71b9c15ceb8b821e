import type { Json } from "../../plan/index.ts";
import type { Model } from "../model.ts";

export type RegisterInput = { f: "read" } | { f: "write"; value: Json } | { f: "cas"; from: Json; to: Json };
/** A read answers the value, a write null, a compare-and-set whether it took place. */
export type RegisterOutput = Json;

/** A register with compare-and-set, by value; `initial` is what it holds to begin with. */
export function register(initial: Json = null): Model<Json, RegisterInput, RegisterOutput> {
  const holds = (state: Json, value: Json) => JSON.stringify(state) === JSON.stringify(value);
  return {
    name: "register",
    init: () => initial,
    step(state, input, output) {
      switch (input.f) {
        case "read":
          return output === undefined || holds(state, output) ? [state] : [];
        case "write":
          return [input.value];
        case "cas": {
          const takesPlace = holds(state, input.from);
          if (output !== undefined && output !== takesPlace) return [];
          return [takesPlace ? input.to : state];
        }
      }
    },
    reads: (input) => input.f === "read",
    describe(input, output) {
      const answer = output === undefined ? "?" : JSON.stringify(output);
      switch (input.f) {
        case "read":
          return `read() -> ${answer}`;
        case "write":
          return `write(${JSON.stringify(input.value)})${output === undefined ? " -> ?" : ""}`;
        case "cas":
          return `cas(${JSON.stringify(input.from)}, ${JSON.stringify(input.to)}) -> ${answer}`;
      }
    },
    describeState: (state) => `the register holds ${JSON.stringify(state)}`,
  };
}
