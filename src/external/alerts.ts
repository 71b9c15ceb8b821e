import { z } from "zod";
import { externalSecret } from "../shared/configuration.ts";
import { request, type Tag } from "./http.ts";

const Alert = z.object({ id: z.string() });

export const alerts = {
  /** Calls somebody, once for each key. The reference says what it is about. */
  raise: (summary: string, { key, reference }: Tag) =>
    request(
      {
        system: "alerts",
        action: "raise",
        method: "POST",
        path: "/alerts",
        headers: { "x-routing-key": externalSecret("alerts") },
        json: { dedup_key: key, about: reference, summary },
      },
      Alert,
    ),
};
