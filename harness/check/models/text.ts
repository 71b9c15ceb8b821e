import type { Model } from "../model.ts";

export type TextInput = { f: "get" } | { f: "put"; value: string } | { f: "append"; value: string };

/** A text, empty to begin with, that can be replaced and added to: the value of one key of a key-value store. */
export const text: Model<string, TextInput, string> = {
  name: "text",
  init: () => "",
  step(state, input, output) {
    switch (input.f) {
      case "get":
        return output === undefined || output === state ? [state] : [];
      case "put":
        return [input.value];
      case "append":
        return [state + input.value];
    }
  },
  reads: ({ f }) => f === "get",
  key: (state) => state,
  describe(input, output) {
    if (input.f === "get") return `get() -> ${output === undefined ? "?" : JSON.stringify(output)}`;
    return `${input.f}(${JSON.stringify(input.value)})`;
  },
  describeState: (state) => `the value is ${JSON.stringify(state)}`,
};
