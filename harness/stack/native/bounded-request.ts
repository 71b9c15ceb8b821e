import { type Dispatcher, errors, type Pool } from "undici";

/** How long a question of the runner itself may go without an answer, in milliseconds, and how often it is asked. */
const PATIENCE = 5_000;
const TIMES = 3;

/**
 * Asks what changes nothing by being asked twice. A busy server now and then leaves such a request without an answer: no
 * client's business, and no verdict on the services.
 * @throws what undici throws; when there is no answer at all, a HeadersTimeoutError
 */
export async function boundedRequest(
  pool: Pool,
  question: Dispatcher.RequestOptions,
  patience = PATIENCE,
): Promise<Dispatcher.ResponseData> {
  for (let time = 1; ; time++) {
    try {
      return await pool.request({ ...question, headersTimeout: patience });
    } catch (error) {
      if (!(error instanceof errors.HeadersTimeoutError) || time === TIMES) throw error;
    }
  }
}
