import { ingressSetting } from "../shared/configuration.ts";
import type { Pattern } from "../shared/pattern.ts";
import { front } from "./front.ts";
import { product } from "./product.ts";

export const durableRpc: Pattern = {
  services: [product],
  app: front,
  appPath: "/reserve",
  environment: ingressSetting,
};
