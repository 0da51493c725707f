import type { StatusDocument } from './document.ts';

/** Outcome of one expression. */
export interface ExpectationResult {
  readonly expr: string;
  readonly expected: string;
  readonly actual?: string;
  readonly ok?: boolean;
  readonly problem?: string;
}

/** Answer to `/status?expect=…` (contract 11.1). */
export interface ExpectationAnswer {
  /** 200 satisfied, 412 not, 422 a path that leads nowhere usable, 400 an expression that cannot be read */
  readonly status: 200 | 412 | 422 | 400;
  readonly body: { readonly satisfied: boolean; readonly results: readonly ExpectationResult[] };
}

/** Expressions one request may have; what is behind them is not looked at, and the whole is not satisfied. */
const MAX_EXPRESSIONS = 100;
/** Characters and segments that a path may have: names of environments are shorter, and the document is not deep. */
const MAX_PATH_LENGTH = 512;
const MAX_SEGMENTS = 16;
/** Longer expressions are cut in the answer. */
const MAX_SHOWN = 1024;

/** Checks `path=value` and `path!=value` expressions against the status document. Path segments are separated by dots. */
export function checkExpectations(document: StatusDocument, expressions: readonly string[]): ExpectationAnswer {
  const results = expressions.slice(0, MAX_EXPRESSIONS).map((expr) => check(document, expr));
  const satisfied = results.length === expressions.length && results.every((one) => one.ok === true);
  const status = satisfied
    ? 200
    : results.some((one) => one.problem?.startsWith('cannot be read'))
      ? 400
      : results.some((one) => one.problem !== undefined)
        ? 422
        : 412;
  return { status, body: { satisfied, results } };
}

function check(document: StatusDocument, expr: string): ExpectationResult {
  const match = /^([^=!]+)(!?=)(.*)$/s.exec(expr);
  if (match === null) {
    return { expr: expr.slice(0, MAX_SHOWN), expected: '', problem: 'cannot be read: use path=value or path!=value' };
  }
  const [, path = '', operator, expected = ''] = match;
  if (path.length > MAX_PATH_LENGTH || path.split('.').length > MAX_SEGMENTS) {
    const problem = `the path has more than ${MAX_PATH_LENGTH} characters or ${MAX_SEGMENTS} segments`;
    return { expr: expr.slice(0, MAX_SHOWN), expected: expected.slice(0, MAX_SHOWN), problem };
  }
  const found = resolve(document, path.trim());
  if (found === undefined) return { expr, expected, problem: `there is no ${path.trim()} in the status` };
  if (typeof found === 'object' && found !== null)
    return { expr, expected, problem: `${path.trim()} is not a single value` };
  const actual = String(found);
  return { expr, expected, actual, ok: (actual === expected) === (operator === '=') };
}

/** Follows a path. Environment names may have dots in them: the longest name that fits is taken. */
function resolve(value: unknown, path: string): unknown {
  if (path === '') return value;
  if (typeof value !== 'object' || value === null) return undefined;
  const segments = path.split('.');
  for (let length = segments.length; length > 0; length--) {
    const name = segments.slice(0, length).join('.');
    if (!Object.hasOwn(value, name)) continue;
    const found = resolve((value as Record<string, unknown>)[name], segments.slice(length).join('.'));
    if (found !== undefined) return found;
  }
  return undefined;
}
