export { EscapeError } from "./escapes.ts";
export { type SimulatedOptions, SimulatedStack } from "./simulated-stack.ts";
