/** For whoever tests another implementation: what a module needs that SUBJECT names. */
export { capturedServices, capturingSdk } from "./captured-services.ts";
export { expressApp, type RequestListener } from "./express-app.ts";
