/**
 * Lists in order of severity, for every package. Without zod and without any other module: the relay loads them at its start.
 */

/** Log levels, in lower case as LaunchDarkly writes them, the most talkative first. `none`: nothing is logged. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'none'] as const;

/**
 * States of an environment, the best first: LaunchDarkly's words, and two of ours for keys. Of two that are as frequent, the one that
 * needs a human more comes later.
 */
export const ENVIRONMENT_STATES = [
  'VALID',
  'INITIALIZING',
  'INTERRUPTED',
  'CredentialMissing',
  'DuplicateCredential',
  'OFF',
] as const;

/** States of the persistent store, in LaunchDarkly's words, the best first. */
export const STORE_STATES = ['VALID', 'INITIALIZING', 'INTERRUPTED'] as const;
