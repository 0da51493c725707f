import type { Logger } from '../telemetry/logger.ts';

/** What a relay reads again from files while it runs, beside the keys of its environments. A fixed set: it labels a metric. */
export const INPUTS = [
  'archive',
  'config',
  'autoConfigKey',
  'proxyCredentials',
  'redisCredentials',
  'serviceAccount',
  'tlsCertificate',
] as const;

/** One of {@link INPUTS}. */
export type Input = (typeof INPUTS)[number];

/** An input whose files are gone or cannot be used; what was read before stays in force. */
export interface Absence {
  readonly input: Input;
  /** ms since the epoch */
  readonly since: number;
  /** Its files that are not there; empty or absent when all are there, and cannot be used. */
  readonly files?: readonly string[];
}

/** Keeps which inputs are missing, and says so once when one goes and once when it is back. */
export interface Absences {
  /** Makes the hook of one input: called at each look, with the reason in words while the input cannot be used. */
  hook(input: Input): (problem: string | undefined) => void;
  /** Says which files of an input are not there, whether or not anybody has read them yet. */
  missing(input: Input, files: readonly string[]): void;
  /** What is missing, in the order of {@link INPUTS}. */
  list(): readonly Absence[];
  /** Every input. */
  states(): readonly { readonly input: Input; readonly missing: boolean }[];
}

interface State {
  readonly since: number;
  readonly problem: string | undefined;
  readonly files: readonly string[];
}

/** Makes {@link Absences} with nothing missing. @param changed called when something goes or is back */
export function createAbsences(logger: Logger, changed: () => void): Absences {
  const gone = new Map<Input, State>();

  function note(input: Input, part: Partial<Pick<State, 'problem' | 'files'>>): void {
    const before = gone.get(input);
    const { problem, files } = { problem: before?.problem, files: before?.files ?? [], ...part };
    if (problem === undefined && files.length === 0) {
      if (!gone.delete(input)) return;
      logger.info('files can be read again', { input });
      changed();
      return;
    }
    gone.set(input, { since: before?.since ?? Date.now(), problem, files });
    if (before === undefined) {
      const why = problem ?? `not there: ${files.join(', ')}`;
      logger.warn('files cannot be read, what was read before stays in force', { input, problem: why });
    }
    if (before === undefined || before.files.join('\n') !== files.join('\n')) changed();
  }

  return {
    hook: (input) => (problem) => note(input, { problem }),
    missing: (input, files) => note(input, { files }),
    list: () =>
      INPUTS.flatMap((input) => {
        const state = gone.get(input);
        if (state === undefined) return [];
        const { since, files } = state;
        return [{ input, since, ...(files.length === 0 ? {} : { files }) }];
      }),
    states: () => INPUTS.map((input) => ({ input, missing: gone.has(input) })),
  };
}

/** Several processes' absences as one: each input since the earliest, with the files that any of them misses. */
export function mergeAbsences(lists: readonly (readonly Absence[])[]): readonly Absence[] {
  const all = lists.flat();
  return INPUTS.flatMap((input) => {
    const same = all.filter((one) => one.input === input);
    if (same.length === 0) return [];
    const files = [...new Set(same.flatMap((one) => one.files ?? []))];
    const since = Math.min(...same.map((one) => one.since));
    return [{ input, since, ...(files.length === 0 ? {} : { files }) }];
  });
}
