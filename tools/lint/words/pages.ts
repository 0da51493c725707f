import { isTest } from '../imports/house.ts';

/** Made from sources that are looked at themselves, or about the phrases, or a record of the past. */
const EXEMPT = [
  'CHANGELOG.md',
  'charts/flagrelay/MIGRATING.md',
  'charts/flagrelay/rules/',
  'charts/flagrelay/templates/_generated.tpl',
  'charts/flagrelay/templates/crds/',
  'crds/REFERENCE.md',
  'crds/relayproxies.yaml',
  'docs/glossary.md',
  'operator/docs/metrics.md',
  'relay/docs/configuration.md',
  'relay/docs/metrics.md',
  'tools/lint/words/',
];

/** Endings of files with words for people. */
export const WORD_FILES = ['.ts', '.md', '.yaml', '.tpl', '.txt'];

/** True for a file whose words are looked at: all but tests and what is in `EXEMPT`. */
export function isWatched(path: string): boolean {
  return !isTest(path) && !EXEMPT.some((one) => path === one || (one.endsWith('/') && path.startsWith(one)));
}
