import type { Evidence, Verdict } from './verdict.ts';

/** Reconciled: the children match the spec. */
export function reconciled({ snapshot: { outcome } }: Evidence): Verdict {
  switch (outcome.kind) {
    case 'applied':
      return { status: 'True', reason: 'Applied', message: 'All child objects match the spec.' };
    case 'paused':
      return {
        status: 'Unknown',
        reason: 'Paused',
        message: '`spec.paused` is true: child objects are left as they are.',
      };
    case 'failed': {
      const [first, ...others] = outcome.problems;
      const message = [first, ...others].map((problem) => problem.message).join('; ');
      return { status: 'False', reason: first.reason, message: `${message}.` };
    }
  }
}
