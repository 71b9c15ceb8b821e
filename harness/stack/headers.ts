/** Names the operation that a client's request performs; Restate forwards it to the handler's Input message. */
export const OPERATION_HEADER = "x-stormproof-operation";
/** Names the attempt that makes a request to an external system: "<invocation>/<attempt>". */
export const FROM_HEADER = "x-stormproof-from";
/** Tells a service process the number of the attempt that it is about to serve. */
export const ATTEMPT_HEADER = "x-stormproof-attempt";
