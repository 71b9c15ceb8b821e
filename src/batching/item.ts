import { z } from "zod";

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Any JSON. Not `z.json()`, which copies what it reads and leaves members named `__proto__` out. */
export const Item: z.ZodType<Json> = z
  .unknown()
  .refine((item) => item !== undefined, "item is missing") as z.ZodType<Json>;
