import { z } from "zod";
import { bearer, keyHeader, request, type Tag } from "./http.ts";

const Sum = z.object({ sum: z.number() });

export const calculator = {
  /** Adds two numbers, which takes it long and costs a lot. It refuses when their sum is too large for it. */
  add: (operands: { left: number; right: number }, { key, reference }: Tag) =>
    request(
      {
        system: "calculator",
        action: "add",
        method: "POST",
        path: "/sums",
        headers: { ...bearer("calculator"), ...keyHeader(key) },
        json: { ...operands, reference },
      },
      Sum,
    ),
};
