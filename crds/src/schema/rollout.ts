import * as z from 'zod';
import { int32, intOrPercent } from './kubernetes.ts';
import { withRules } from './rules.ts';

const isZero = (value: string | number | undefined): boolean => value === 0 || value === '0%';

/** How pods are replaced. */
export const rollout = withRules(
  z.object({
    maxSurge: intOrPercent(
      'How many pods, or what share such as 25%, there may be beyond the wanted number while pods are replaced. Default 1.',
    ).optional(),
    maxUnavailable: intOrPercent(
      'How many pods, or what share, may be missing while pods are replaced. Default 0: never fewer than there should be.',
    ).optional(),
    minReadySeconds: int32(0, 3600)
      .default(5)
      .describe('How long, in seconds, a new pod must have been ready before the next one is replaced. Default 5.'),
    progressDeadlineSeconds: int32(1, 86_400)
      .default(600)
      .describe('After how many seconds without progress the condition `Progressing` becomes False. Default 600.'),
    revisionHistoryLimit: int32(0, 100)
      .default(3)
      .describe('How many old ReplicaSets are kept, with the configurations that their pods had. Default 3.'),
  }),
  {
    cel: "!has(self.maxSurge) || !has(self.maxUnavailable) || !(string(self.maxSurge) in ['0', '0%'] && string(self.maxUnavailable) in ['0', '0%'])",
    message: '`maxSurge` and `maxUnavailable` may not both be 0',
    check: ({ maxSurge, maxUnavailable }) => !(isZero(maxSurge) && isZero(maxUnavailable)),
  },
  {
    cel: "!has(self.maxSurge) || !(string(self.maxSurge) in ['0', '0%']) || has(self.maxUnavailable)",
    message: '`maxUnavailable` must be set when `maxSurge` is 0',
    field: 'maxUnavailable',
    reason: 'FieldValueRequired',
    check: ({ maxSurge, maxUnavailable }) => !isZero(maxSurge) || maxUnavailable !== undefined,
  },
  {
    cel: '!has(self.minReadySeconds) || !has(self.progressDeadlineSeconds) || self.minReadySeconds < self.progressDeadlineSeconds',
    message: '`progressDeadlineSeconds` must be greater than `minReadySeconds`',
    field: 'progressDeadlineSeconds',
    check: ({ minReadySeconds, progressDeadlineSeconds }) => minReadySeconds < progressDeadlineSeconds,
  },
).describe('How pods are replaced when a setting changes that a running relay cannot reload.');
