import { worldFault } from "./world-fault.ts";

/** What an external system tells by itself does not arrive until it is healed. */
export const withholdWebhook = worldFault(
  {
    name: "withhold-webhook",
    description: "the webhook is withheld",
    untilHealed: true,
    inject: () => ({ hold: true }),
  },
  { at: "webhook", when: "before" },
);

/** It was accepted, the external system does not know it, and tells it once more. */
export const repeatWebhook = worldFault(
  {
    name: "repeat-webhook",
    description: "the webhook is delivered once more",
    untilHealed: false,
    inject: () => ({ webhook: "repeat" }),
  },
  { at: "webhook", when: "after" },
);
