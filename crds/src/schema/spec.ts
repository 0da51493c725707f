import { daemonRules } from './daemon-rules.ts';
import { withRules } from './rules.ts';
import { specFields } from './spec-fields.ts';
import { specRules } from './spec-rules.ts';

/** What the owner of a RelayProxy asks for. */
export const relayProxySpec = withRules(specFields, ...specRules, ...daemonRules).describe(
  'Desired state: which environments to serve, and how.',
);
