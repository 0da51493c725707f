import type { Rule } from './rules.ts';
import type { SpecFields } from './spec-fields.ts';

/** Fields that are about SDKs which connect, of whom there are none in mode 'Daemon'. */
const aboutSdks = [
  'tls',
  'autoscaling',
  'capacity',
  'ingress',
  'httpRoute',
] as const satisfies readonly (keyof SpecFields)[];

/** Rules of mode 'Daemon'. */
export const daemonRules: readonly Rule<SpecFields>[] = [
  {
    cel: "self.mode != 'Daemon' || has(self.store)",
    message: "`store` must be set when `mode` is 'Daemon'",
    field: 'store',
    reason: 'FieldValueRequired',
    check: ({ mode, store }) => mode !== 'Daemon' || store !== undefined,
  },
  ...aboutSdks.map(
    (field): Rule<SpecFields> => ({
      cel: `self.mode != 'Daemon' || !has(self.${field})`,
      message: `\`${field}\` may not be set when \`mode\` is 'Daemon': no SDK connects`,
      field,
      reason: 'FieldValueForbidden',
      check: (spec) => spec.mode !== 'Daemon' || spec[field] === undefined,
    }),
  ),
  {
    cel: "self.mode != 'Daemon' || !self.events.enabled",
    message: "`events.enabled` must be false when `mode` is 'Daemon': no SDK sends any",
    reason: 'FieldValueForbidden',
    check: ({ mode, events }) => mode !== 'Daemon' || !events.enabled,
  },
  {
    cel: "self.mode != 'Daemon' || self.workers == 1",
    message: "`workers` must be 1 when `mode` is 'Daemon'",
    field: 'workers',
    check: ({ mode, workers }) => mode !== 'Daemon' || workers === 1,
  },
];
