import type { Evaluation } from '../environment/evaluator.ts';

/** Error codes of OFREP 0.3.0. */
export type ErrorCode = 'PARSE_ERROR' | 'TARGETING_KEY_MISSING' | 'INVALID_CONTEXT' | 'FLAG_NOT_FOUND' | 'GENERAL';

/** A request that cannot be evaluated: `code` and `message` go to the client. */
export class OfrepError extends Error {
  override readonly name = 'OfrepError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** JSON text of one evaluation, and whether it is a failure. */
export interface OfrepResult {
  readonly json: string;
  readonly failed: boolean;
}

const FAILURES = { flag: 'PARSE_ERROR', key: 'TARGETING_KEY_MISSING', other: 'GENERAL' } as const;

/** One flag's answer. A flag without a value for the context leaves `value` out: the application's default applies. */
export function ofrepResult(key: string, evaluation: Evaluation): OfrepResult {
  if (evaluation.failure !== undefined) {
    return ofrepFailure(key, FAILURES[evaluation.failure], `the flag cannot be evaluated`);
  }
  const { valueJson, variant, reason, version } = evaluation;
  let json = `{"key":${JSON.stringify(key)},"reason":"${reason}"`;
  // Python's provider reads it whether it is there or not.
  json += `,"variant":${JSON.stringify(variant ?? '')}`;
  if (valueJson !== undefined) json += `,"value":${valueJson}`;
  return { json: `${json},"metadata":{"version":${version}}}`, failed: false };
}

/** A failure of one flag. */
export function ofrepFailure(key: string, errorCode: ErrorCode, errorDetails: string): OfrepResult {
  return { json: JSON.stringify({ key, errorCode, errorDetails }), failed: true };
}
