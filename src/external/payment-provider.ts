import { z } from "zod";
import { externalSecret } from "../shared/configuration.ts";
import { encodeId } from "./encode-id.ts";
import { keyHeader, request, type Tag } from "./http.ts";

const Payment = z.object({ id: z.string() });

function call(action: string, path: string, content: object, { key, reference }: Tag) {
  const authorization = `Basic ${btoa(`${externalSecret("payment-provider")}:`)}`;
  const headers = { authorization, ...keyHeader(key) };
  return request(
    { system: "payment-provider", action, method: "POST", path, headers, json: { ...content, reference } },
    Payment,
  );
}

export const paymentProvider = {
  /** Captures the money at once. The key of the call is the payment's id. */
  charge: (card: { cardNumber: string; amount: number }, tag: Tag) => call("charge", "/payments", card, tag),
  /** Gives the money back. A payment that is not known yet is refused from then on. */
  refund: (id: string, tag: Tag) => call("refund", `/payments/${encodeId(id)}/refund`, {}, tag),
};
