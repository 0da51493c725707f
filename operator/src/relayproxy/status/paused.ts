import type { Evidence, Verdict } from './verdict.ts';

/** Paused: the user asked that children are left alone. */
export function paused({ snapshot: { relayProxy } }: Evidence): Verdict {
  return relayProxy.spec.paused
    ? { status: 'True', reason: 'PausedBySpec', message: '`spec.paused` is true.' }
    : { status: 'False', reason: 'NotPaused', message: '`spec.paused` is false.' };
}
