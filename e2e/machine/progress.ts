/** Prints one line of progress to standard error, so that standard output stays for results. */
export function progress(line: string): void {
  process.stderr.write(`cluster: ${line}\n`);
}

/** Whole seconds since `start` (a `performance.now()` reading), for progress lines. */
export function secondsSince(start: number): string {
  return `${Math.round((performance.now() - start) / 1000)} s`;
}
