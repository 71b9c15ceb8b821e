import * as clients from "@restatedev/restate-sdk-clients";
import { ingressUrl } from "../shared/configuration.ts";
import { frontApp, idIn } from "../shared/front-app.ts";
import { answerOf } from "../shared/ingress.ts";
import { keyInPath, spell } from "../shared/spelling.ts";
import type { product } from "./product.ts";

/**
 * The shop's front door: `POST /reserve/:productId/:reservationId` answers `true` or `false`. Asking again, in any
 * way and as often as needed, gives the same answer, because the reservation id is the idempotency key.
 */
export const front = frontApp((app) =>
  app.post("/reserve/:productId/:reservationId", async (c) => {
    const productId = idIn(c, "productId");
    const reservationId = idIn(c, "reservationId");
    const ingress = clients.connect({ url: ingressUrl(), retry: true });
    const reserved = await answerOf(
      ingress
        .objectClient<typeof product>({ name: "product" }, keyInPath(productId))
        .reserve(clients.rpc.opts({ idempotencyKey: spell(reservationId) })),
    );
    return c.json(reserved);
  }),
);
