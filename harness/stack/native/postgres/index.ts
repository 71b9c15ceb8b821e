export { cutAround } from "./cut-around.ts";
export { Postgres, type PostgresOptions } from "./postgres.ts";
export type { MessageHook, PostgresMessage } from "./session.ts";
