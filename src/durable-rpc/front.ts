import * as clients from "@restatedev/restate-sdk-clients";
import { ingressUrl } from "../shared/configuration.ts";
import { decodeSegment, refuse } from "../shared/front-app.ts";
import type { product } from "./product.ts";

const ROUTE = /^\/reserve\/([^/]+)\/([^/]+)$/;

/**
 * The shop's front door: `POST /reserve/:productId/:reservationId` answers `true` or `false`. Asking again, in any
 * way and as often as needed, gives the same answer, because the reservation id is the idempotency key.
 */
export async function front(request: Request): Promise<Response> {
  const route = ROUTE.exec(new URL(request.url).pathname);
  if (!route) return refuse(404, "there is only POST /reserve/:productId/:reservationId");
  if (request.method !== "POST") return refuse(405, "reserve with POST", { allow: "POST" });

  const productId = decodeSegment(route[1]!);
  if (productId === undefined) return refuse(400, "productId is not a valid URL segment");
  const reservationId = decodeSegment(route[2]!);
  // it travels in a header, which carries nothing else
  if (!reservationId || !/^[\x21-\x7e]+$/.test(reservationId)) {
    return refuse(400, "reservationId must consist of printable ASCII characters without blanks");
  }

  const ingress = clients.connect({ url: ingressUrl(), retry: true });
  try {
    const reserved = await ingress
      .objectClient<typeof product>({ name: "product" }, productId)
      .reserve(clients.rpc.opts({ idempotencyKey: reservationId }));
    return Response.json(reserved);
  } catch (error) {
    if (error instanceof clients.HttpCallError && error.status < 500) return refuse(error.status, error.responseText);
    return refuse(503, "no answer: it is open whether this reservation took the product; ask again with the same id");
  }
}
