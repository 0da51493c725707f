/** What is wrong with a configuration, collected so that all of it can be told at once. */
export interface Problems {
  /** Each is one line: the option, what was wrong, what is allowed. No secrets. */
  readonly mistakes: string[];
  /** Odd, but no reason not to start. */
  readonly warnings: string[];
}

/** An empty list of problems. */
export function noProblems(): Problems {
  return { mistakes: [], warnings: [] };
}
