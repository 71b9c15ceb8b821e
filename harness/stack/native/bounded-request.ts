import { type Dispatcher, errors, type Pool } from "undici";

/** How long a request of the runner itself may go without an answer, in milliseconds, and how often it is made. */
const BOUND_MS = 5_000;
const TIMES = 3;

export interface BoundedAnswer {
  status: number;
  /** lower-case names */
  headers: Record<string, string>;
  text: string;
}

/**
 * Requests what changes nothing by being requested twice. A busy server now and then leaves such a request without an
 * answer: no client's business, and no verdict on the services.
 * @param purpose what is requested, for the error: "for the state"
 * @throws an error that names the purpose; its cause is what undici threw
 */
export async function boundedRequest(
  pool: Pool,
  request: Dispatcher.RequestOptions,
  purpose: string,
  boundMs = BOUND_MS,
): Promise<BoundedAnswer> {
  for (let time = 1; ; time++) {
    try {
      const bounds = { headersTimeout: boundMs, bodyTimeout: boundMs };
      const { statusCode, headers, body } = await pool.request({ ...request, ...bounds });
      return { status: statusCode, headers: headers as Record<string, string>, text: await body.text() };
    } catch (error) {
      const late = error instanceof errors.HeadersTimeoutError || error instanceof errors.BodyTimeoutError;
      if (late && time < TIMES) continue;
      const why = late ? `no answer within ${boundMs} ms, ${TIMES} times` : (error as Error).message;
      throw new Error(`restate-server was asked ${purpose}: ${why}`, { cause: error });
    }
  }
}
