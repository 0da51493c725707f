import type { Outcome } from './snapshot.ts';
import type { Evidence, Verdict } from './verdict.ts';

/** Reconciled: the children match the spec. */
export function reconciled({ snapshot: { outcome, collision } }: Evidence): Verdict {
  switch (outcome.kind) {
    case 'applied':
      if (collision !== undefined) {
        return { status: 'True', reason: 'NameCollision', message: `All child objects match the spec. ${collision}.` };
      }
      return { status: 'True', reason: 'Applied', message: 'All child objects match the spec.' };
    case 'paused':
      return {
        status: 'Unknown',
        reason: 'Paused',
        message: '`spec.paused` is true: child objects are left as they are.',
      };
    case 'failed': {
      const [first, ...others] = outcome.problems;
      const messages = [first, ...others].map((problem) => problem.message);
      const message = [...messages, ...(collision === undefined ? [] : [collision])].join('; ');
      return { status: 'False', reason: first.reason, message: `${message}.` };
    }
  }
}

/** True when all that is wrong with the children is a contest over the Deployment: whether its pods are well is seen of them. */
export function isObservable(outcome: Outcome): boolean {
  return outcome.kind === 'failed' && outcome.problems.every(({ observable = false }) => observable);
}

/** True for a reason of Reconciled that does not mean that something was refused: others contest what was applied. */
export function isContested(reason: string | undefined): boolean {
  return reason === 'DriftsBack' || reason === 'Overridden';
}
