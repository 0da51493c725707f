import type { z } from 'zod';
import { relayProxy } from './schema/relayproxy.ts';
import { instanceStatus } from './schema/status.ts';
import type { InstanceStatus, RelayProxy } from './types.ts';

/** One thing that is wrong with a manifest. */
export interface Problem {
  /** Where, as the API server writes it: `spec.environments[0].name`; empty for the object itself. */
  readonly path: string;
  /** What is wrong and, where it is not plain, what is allowed. */
  readonly message: string;
}

/** What {@link parseRelayProxy} found. */
export type ParseResult =
  | { readonly ok: true; readonly value: RelayProxy }
  | { readonly ok: false; readonly problems: readonly [Problem, ...Problem[]] };

/**
 * Checks an object against the schema that the CRD has as well, and fills in the defaults. Fields that this version
 * does not know are left out. Never throws; names every problem, as far as the rules can be checked. A rule between
 * fields is checked only when the fields themselves are right.
 */
export function parseRelayProxy(object: unknown): ParseResult {
  const result = relayProxy.safeParse(object, { error: explain });
  if (result.success) return { ok: true, value: result.data };
  const [first, ...rest] = result.error.issues.map(toProblem);
  return { ok: false, problems: [first as Problem, ...rest] };
}

/** Checks one item of `status.instances`; undefined for what is none. Fields that this version does not know are left out. */
export function parseInstance(value: unknown): InstanceStatus | undefined {
  const result = instanceStatus.safeParse(value);
  return result.success ? result.data : undefined;
}

function toProblem(issue: z.core.$ZodIssue): Problem {
  return { path: formatPath(issue.path), message: issue.message };
}

/** A path as the API server writes it: `spec.environments[0].name`. */
export function formatPath(path: readonly PropertyKey[]): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else text += text === '' ? String(part) : `.${String(part)}`;
  }
  return text;
}

/** Says what is wrong in the API server's words, so that a mistake reads the same wherever it is found. */
function explain(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? 'Required value' : `must be of type ${typeName(String(issue.expected))}`;
    case 'invalid_value': {
      if (issue.input === undefined) return 'Required value';
      return `Unsupported value; supported values: ${issue.values.map((value) => JSON.stringify(value)).join(', ')}`;
    }
    case 'invalid_union':
      return issue.input === undefined ? 'Required value' : 'must be an integer or a string';
    case 'invalid_format':
      return 'pattern' in issue ? `should match '${sourceOf(String(issue.pattern))}'` : undefined;
    case 'too_big':
      return issue.origin === 'number' || issue.origin === 'int'
        ? `should be less than or equal to ${issue.maximum}`
        : `must have at most ${issue.maximum} ${issue.origin === 'string' ? 'characters' : 'items'}`;
    case 'too_small':
      return issue.origin === 'number' || issue.origin === 'int'
        ? `should be greater than or equal to ${issue.minimum}`
        : `should ${issue.origin === 'array' ? `have at least ${issue.minimum} items` : `be at least ${issue.minimum} chars long`}`;
    default:
      return undefined;
  }
}

function typeName(zodType: string): string {
  // There are no fractions in this API.
  if (zodType === 'int' || zodType === 'number') return 'integer';
  return zodType === 'record' ? 'object' : zodType;
}

/** `/^a$/` → `^a$` */
function sourceOf(pattern: string): string {
  return pattern.replace(/^\/(.*)\/[a-z]*$/s, '$1').replaceAll('\\/', '/');
}
