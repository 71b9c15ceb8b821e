import path from "node:path";
import { expect, test } from "vitest";
import { makeBundle, type Stack } from "../../stack/index.ts";
import { NativeStack } from "../../stack/native/index.ts";
import { SimulatedStack } from "../../stack/simulated/index.ts";
import type { LedgerEntry } from "../system.ts";
import { types } from "../testing.ts";
import type { Webhook } from "../webhook.ts";
import { World } from "../world.ts";
import { signedDelivery, stripe } from "./index.ts";

/** Each with the time that its services see, in milliseconds: on the native stack that is not the clock of the runner. */
const stacks: [string, () => Promise<Stack>, (stack: Stack) => number][] = [
  ["simulated", () => SimulatedStack.start({ seed: 1 }), (stack) => stack.clock.now()],
  ["native", () => NativeStack.start(), () => Date.now()],
];

test.each(stacks)(
  "the official client pays, looks up and verifies in a service on the %s stack",
  async (_, start, timeOf) => {
    const module = path.join(import.meta.dirname, "shop.fixture.ts");
    const bundle = await makeBundle(
      { module },
      { patterns: ["shop"], environment: {}, external: { STRIPE_URL: "/stripe" } },
    );
    const world = new World([stripe()]);
    const ledger: LedgerEntry[] = [];
    const webhooks: Webhook[] = [];
    const stack = await start();
    try {
      let isLost = true;
      await stack.load(bundle);
      stack.guard({
        opened() {},
        before: () => undefined,
        after: () => undefined,
        closed() {},
        // the first answer is lost: the client asks again with the same key
        async external(request) {
          const { answer, entries, webhooks: told = [] } = world.handle(request, stack.clock.now());
          ledger.push(...entries);
          webhooks.push(...told);
          if (!isLost) return answer;
          isLost = false;
          return "lost";
        },
      });
      const call = async (handler: string, body: unknown) => {
        const headers = { "content-type": "application/json" };
        const request = { method: "POST", path: `/shop/${handler}`, headers, body: JSON.stringify(body) };
        const answer = await stack.fetch("ingress", request);
        return [answer.status, JSON.parse(answer.body)];
      };
      await stack.run(async () => {
        expect(await call("buy", "o1")).toEqual([200, { id: "pi_1", status: "succeeded", found: ["pi_1"] }]);
        expect(types(ledger)).toEqual(["effect", "effect", "repeat"]);
        const { headers, body } = signedDelivery(
          webhooks[1]?.content ?? null,
          ["whsec_1"],
          Math.floor(timeOf(stack) / 1000),
        );
        const delivery = { body, signature: headers["stripe-signature"] };
        expect(await call("hear", delivery)).toEqual([200, "payment_intent.succeeded"]);
      });
    } finally {
      await stack.close();
    }
  },
  60_000,
);
