export { bundleAlone, type Mutant, makeBundle, patched, projectRoot } from "./bundle.ts";
export { ATTEMPT_HEADER, FROM_HEADER, OPERATION_HEADER } from "./headers.ts";
export type * from "./stack.ts";
