/** A named check; throwing or rejecting means failing. Its message is shown to whoever asks: no credentials. */
export type HealthCheck = (signal: AbortSignal) => void | Promise<void>;

/** Outcome of all checks of one kind. */
export interface HealthReport {
  readonly healthy: boolean;
  /** One line a check, sorted by name: `[+]caches ok`, `[-]caches failed: …`. */
  readonly lines: readonly string[];
}

/** A check may take this long, in ms: probes time out after a second or more. */
const CHECK_TIMEOUT_MS = 900;

/** Runs all checks at once; one that hangs counts as failed. */
export async function runChecks(checks: ReadonlyMap<string, HealthCheck>): Promise<HealthReport> {
  const names = [...checks.keys()].sort();
  const failures = await Promise.all(names.map((name) => failureOf(checks.get(name)!)));
  const lines = names.map((name, index) => {
    const failure = failures[index];
    return failure === undefined ? `[+]${name} ok` : `[-]${name} failed: ${failure}`;
  });
  return { healthy: failures.every((failure) => failure === undefined), lines };
}

async function failureOf(check: HealthCheck): Promise<string | undefined> {
  const signal = AbortSignal.timeout(CHECK_TIMEOUT_MS);
  const timedOut = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error(`no answer within ${CHECK_TIMEOUT_MS} ms`)), {
      once: true,
    });
  });
  timedOut.catch(() => undefined); // the check came first: nobody looks at the timeout
  try {
    await Promise.race([check(signal), timedOut]);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : 'unknown failure';
  }
}
