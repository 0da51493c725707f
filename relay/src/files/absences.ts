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
}

/** Keeps which inputs are missing, and says so once when one goes and once when it is back. */
export interface Absences {
  /** Makes the hook of one input: called at each look, with the reason in words while the input cannot be used. */
  hook(input: Input): (problem: string | undefined) => void;
  /** What is missing, in the order of {@link INPUTS}. */
  list(): readonly Absence[];
  /** Every input. */
  states(): readonly { readonly input: Input; readonly missing: boolean }[];
}

/** Makes {@link Absences} with nothing missing. @param changed called when something goes or is back */
export function createAbsences(logger: Logger, changed: () => void): Absences {
  const since = new Map<Input, number>();
  return {
    hook: (input) => (problem) => {
      if ((problem !== undefined) === since.has(input)) return;
      if (problem !== undefined) {
        since.set(input, Date.now());
        logger.warn('files cannot be read, what was read before stays in force', { input, problem });
      } else {
        since.delete(input);
        logger.info('files can be read again', { input });
      }
      changed();
    },
    list: () =>
      INPUTS.flatMap((input) => {
        const time = since.get(input);
        return time === undefined ? [] : [{ input, since: time }];
      }),
    states: () => INPUTS.map((input) => ({ input, missing: since.has(input) })),
  };
}

/** Several processes' absences as one: each input since the earliest. */
export function mergeAbsences(lists: readonly (readonly Absence[])[]): readonly Absence[] {
  const all = lists.flat();
  return INPUTS.flatMap((input) => {
    const times = all.filter((one) => one.input === input).map((one) => one.since);
    return times.length === 0 ? [] : [{ input, since: Math.min(...times) }];
  });
}
