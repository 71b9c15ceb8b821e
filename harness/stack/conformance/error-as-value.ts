import { TerminalError } from "@restatedev/restate-sdk";

/** An error as a value, so that a caller's answer shows what it caught. */
export function errorAsValue(error: unknown): unknown {
  if (!(error instanceof Error)) return String(error);
  const { code, metadata } = error instanceof TerminalError ? error : {};
  const errors = error instanceof AggregateError ? { errors: error.errors.map(errorAsValue) } : {};
  return {
    error: error.constructor.name,
    message: error.message,
    code: code ?? null,
    metadata: metadata ?? null,
    ...errors,
  };
}
