/** The version of Stripe's API that the double follows, and that an account has by default. */
export const API_VERSION = "2026-10-28.endive";
