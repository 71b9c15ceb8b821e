/** The services that write to PostgreSQL, as a catalog of their own. */
import * as services from "../../../../src/database/services.ts";

export const catalog = { database: { services: Object.values(services) } };
