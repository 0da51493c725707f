import type { Fault } from '../fault.ts';

const folder = 'relay/src/dialects/launchdarkly/evaluation';
const tests = (...names: string[]) => names.map((name) => `${folder}/${name}.test.ts`);
const fault = (what: string, file: string, before: string, after: string, ...names: string[]): Fault => ({
  ...{ what, file: `${folder}/${file}.ts`, before, after, tests: tests(...names) },
});

/** Faults of the evaluator. */
export const EVALUATOR: readonly Fault[] = [
  fault(
    'a rule matches when one clause does',
    'program',
    'if (match !== MATCH) break;',
    'if (match === MATCH) break;',
    'flag-program',
  ),
  fault(
    'a prerequisite that is off counts as its variation',
    'outcome',
    "detail.reason.kind === 'OFF' || detail.variation === null",
    'detail.variation === null',
    'flag-program',
  ),
  fault(
    'the failed prerequisite is not listed',
    'flag-program',
    '{ prerequisites: index + 1 }',
    '{ prerequisites: index }',
    'snapshot',
  ),
  fault(
    'prerequisites of a flag that is off are asked',
    'flag-program',
    'flag.on ? flag.prerequisites : []',
    'flag.prerequisites',
    'flag-program',
    'snapshot',
  ),
  fault(
    'a target is reported as the fallthrough',
    'flag-program',
    "outcomes.of({ kind: 'TARGET_MATCH' }, variation)",
    "outcomes.of({ kind: 'FALLTHROUGH' }, variation)",
    'flag-program',
  ),
  fault(
    'an empty user list of contextTargets does not stand for the targets',
    'targets',
    'if (!isUser || hasValues(target)) return [target];',
    'if (!isUser || !hasValues(target)) return [target];',
    'flag-program',
  ),
  fault(
    'the last part of a rollout takes nothing',
    'rollout-code',
    'return code[last + 1]!;',
    'return code[start + PARTS + 1]!;',
    'serve',
  ),
  fault(
    'a bucket on the bound belongs to the part below',
    'rollout-code',
    'if (bucket < weights[at]!)',
    'if (bucket <= weights[at]!)',
    'serve',
  ),
  fault(
    'a context without the kind is in the experiment',
    'rollout-code',
    'code[member === undefined ? at + 2 : at + 1]!',
    'code[at + 1]!',
    'serve',
  ),
  fault(
    'secondary takes part in experiments',
    'rollout-code',
    'secondary !== undefined && code[start + 2] === 1',
    'secondary !== undefined',
    'serve',
  ),
  fault('key and salt are hashed the other way round', 'bucket', '`${key}.${salt}.`', '`${salt}.${key}.`', 'bucket'),
  fault(
    'the bucket is rounded twice',
    'bucket',
    'const sticky = (low & 0xff) === 0 ? 0 : 1;',
    'const sticky = 0;',
    'bucket',
  ),
  fault(
    'the excluded are not looked at',
    'segment-program',
    'if (holdsAny(excluded, run)) return NO_MATCH;',
    '',
    'segment-program',
  ),
  fault(
    'the contexts lists count for a single user',
    'segment-program',
    'if (!onlyUser && holdsAny(includedContexts, run))',
    'if (holdsAny(includedContexts, run))',
    'segment-program',
  ),
  fault(
    'a silent big-segment store is an absence',
    'segment-program',
    'if (known === undefined) return undefined;',
    'if (known === undefined) return NO_MATCH;',
    'segment-program',
  ),
  fault(
    'a context without the kind of a weight is below it',
    'segment-program',
    'bucket !== LACKS_KIND && bucket < weight',
    'bucket < weight',
    'segment-program',
  ),
  fault(
    'negate is forgotten for kinds',
    'clauses',
    'run.context.kinds.some(matches) !== negate',
    'run.context.kinds.some(matches)',
    'clauses',
  ),
  fault(
    'a prerelease is newer than its release',
    'semver',
    'compare(b.prerelease.length, a.prerelease.length)',
    'compare(a.prerelease.length, b.prerelease.length) || 0',
    'semver',
  ),
  fault(
    'the offset of a date is added',
    'dates',
    "(match[8] === '-' ? -1 : 1)",
    "(match[8] === '-' ? 1 : -1)",
    'dates',
  ),
  fault(
    'a cycle of prerequisites is its variation',
    'program',
    'outcome === CYCLE ? NOT_VALID :',
    'outcome === CYCLE ? NO_VARIATION :',
    'flag-program',
    'snapshot',
  ),
];
