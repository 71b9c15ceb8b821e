import { retrySettings } from "../shared/configuration.ts";
import type { Pattern } from "../shared/pattern.ts";
import { machineOperator } from "./machine-operator.ts";

export const stateMachines: Pattern = {
  services: [machineOperator],
  examples: [
    "curl localhost:8080/machineOperator/press/setUp -X POST",
    "curl localhost:8080/machineOperator/press/tearDown -X POST",
  ],
  external: ["machines"],
  environment: { TRANSITION_TIME: "milliseconds that a machine takes to get up or down (5000)", ...retrySettings },
};
