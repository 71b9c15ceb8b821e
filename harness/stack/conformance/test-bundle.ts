import { fileURLToPath } from "node:url";
import { makeBundle } from "../bundle.ts";
import type { Bundle } from "../stack.ts";

/** The test services, for any stack. */
export function bundleTestServices(): Promise<Bundle> {
  const module = fileURLToPath(new URL("test-services.ts", import.meta.url));
  const load = { patterns: ["conformance"], environment: {}, external: { EXTERNAL_URL: "/external" } };
  return makeBundle({ module }, load);
}
