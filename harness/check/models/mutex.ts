import type { Model } from "../model.ts";

/** A lock: it is acquired when it is free and released when it is not; a refusal is not part of the model. */
export const mutex: Model<boolean, "acquire" | "release", null> = {
  name: "mutex",
  init: () => false,
  step: (held, input) => ((input === "acquire") === held ? [] : [!held]),
  describe: (input, output) => `${input}()${output === undefined ? " -> ?" : ""}`,
  describeState: (held) => (held ? "the lock is held" : "the lock is free"),
};
