/** A line of the service process that begins with this says, in JSON, the ports on which it is ready. */
export const READY = "stormproof is ready: ";
