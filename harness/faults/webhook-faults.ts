import type { FaultKind } from "./fault.ts";

/** What an external system tells by itself does not arrive until it is healed. */
export const withholdWebhook: FaultKind<"withhold-webhook"> = {
  name: "withhold-webhook",
  description: "the webhook is withheld",
  scope: "world",
  exclusive: false,
  needs: [],
  at: [{ at: "webhook", when: "before" }],
  untilHealed: true,
  inject: () => ({ hold: true }),
};

/** It was accepted, the external system does not know it, and tells it once more. */
export const repeatWebhook: FaultKind<"repeat-webhook"> = {
  name: "repeat-webhook",
  description: "the webhook is delivered once more",
  scope: "world",
  exclusive: false,
  needs: [],
  at: [{ at: "webhook", when: "after" }],
  untilHealed: false,
  inject: () => ({ webhook: "repeat" }),
};
