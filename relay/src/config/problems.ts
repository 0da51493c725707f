import type { Option } from './option.ts';

/** An option that was set although this relay does nothing with it. */
export interface Dropped {
  /** Absent for a key that not even ld-relay's table has, in a section that is not supported. */
  readonly option?: Option;
  /** For messages: the variable, or section, key and line of the file. */
  readonly origin: string;
  /** Why, and what to do instead. */
  readonly why: string;
}

/** What is wrong with a configuration, collected so that all of it can be told at once. */
export interface Problems {
  /** Each is one line: the option, what was wrong, what is allowed. No secrets. */
  readonly mistakes: string[];
  /** Odd, but no reason not to start. */
  readonly warnings: string[];
  /** Options without effect, for who wants to go on without them; where it is absent they are warnings, and mistakes if they are refused. */
  readonly dropped?: Dropped[];
}

/** An empty list of problems. */
export function noProblems(): Problems {
  return { mistakes: [], warnings: [] };
}
