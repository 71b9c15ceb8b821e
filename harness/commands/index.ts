export { allMutants, allProperties } from "./properties.ts";
