import type { AllowedRing } from './rules.ts';

/** Folders whose folders must form no ring, at any depth. */
export const ROOTS = [
  'crds/src',
  'kube/src',
  'relay/src',
  'relay/bench',
  'relay/tools',
  'migrate/src',
  'operator/src',
  'charts/tools',
  'e2e',
  'tools',
];

/** The folders of this folder are the dialects: they import the core, and never each other. */
export const DIALECTS = 'relay/src/dialects';

/** The start-up of the relay: it picks the dialects. Nothing else of `relay/src` may import one. */
export const START_UP = [
  'relay/src/cli/',
  'relay/src/modes/',
  'relay/src/main.ts',
  'relay/src/bundle.ts',
  // Three old paths that scripts outside of the repository import: each leads on to where that is now.
  'relay/src/sources/',
  'relay/src/model/',
];

/** Files that may lead to each other. An entry for a ring that is gone is refused. */
export const ALLOWED_RINGS: readonly AllowedRing[] = [
  {
    files: ['condition-table', 'program', 'rollout-code', 'run', 'symbols'].map(
      (name) => `relay/src/dialects/launchdarkly/evaluation/${name}.ts`,
    ),
    reason:
      'types of one recursion: a flag asks for its prerequisites, which are flags; values are imported one way only',
  },
];

/** Tests and what only they use: their imports make no ring and know every dialect. */
export function isTest(path: string): boolean {
  return path.endsWith('.test.ts') || /(?:^|\/)(?:testing|golden|tests?)\//.test(path);
}
