import { ingressSetting } from "../shared/configuration.ts";
import type { Pattern } from "../shared/pattern.ts";
import { front } from "./front.ts";
import { product } from "./product.ts";

export const durableRpc: Pattern = {
  services: [product],
  examples: [
    "curl localhost:5050/reserve/bicycle/mary -X POST",
    "curl localhost:5050/reserve/bicycle/john -X POST",
    "curl localhost:8080/product/bicycle/status -X POST",
  ],
  app: front,
  appPath: "/reserve",
  environment: ingressSetting,
};
