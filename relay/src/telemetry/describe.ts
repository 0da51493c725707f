/** What a log line says of an unexpected error: its stack where there is one, and its causes. */
export function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own = error.stack ?? error.message;
  return error.cause === undefined ? own : `${own}; caused by ${describe(error.cause)}`;
}
