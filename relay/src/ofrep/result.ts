import type { EvaluationReason, FlagResult } from '../dialects/launchdarkly/evaluation/compiled.ts';
import type { ErrorCode } from './context.ts';

/** Reasons of OFREP 0.3.0. */
export type OfrepReason = 'STATIC' | 'TARGETING_MATCH' | 'SPLIT' | 'DISABLED' | 'UNKNOWN';

/** JSON text of one evaluation, and whether it is a failure. */
export interface OfrepResult {
  readonly json: string;
  readonly failed: boolean;
}

/** One flag's answer. A flag without a value for the context leaves `value` out: the application's default applies. */
export function ofrepResult(key: string, { valueJson, variation, version, reason, rollout }: FlagResult): OfrepResult {
  if (reason.kind === 'ERROR') return ofrepFailure(key, errorCodeOf(reason), `the flag cannot be evaluated`);
  let json = `{"key":${JSON.stringify(key)},"reason":"${reasonOf(reason, rollout)}"`;
  if (variation !== null) json += `,"variant":"${variation}"`;
  if (variation !== null && valueJson !== 'null') json += `,"value":${valueJson}`;
  return { json: `${json},"metadata":{"version":${version}}}`, failed: false };
}

/** A failure of one flag. */
export function ofrepFailure(key: string, errorCode: ErrorCode, errorDetails: string): OfrepResult {
  return { json: JSON.stringify({ key, errorCode, errorDetails }), failed: true };
}

function reasonOf({ kind }: EvaluationReason, rollout: boolean): OfrepReason {
  switch (kind) {
    case 'OFF':
    case 'PREREQUISITE_FAILED':
      return 'DISABLED';
    case 'FALLTHROUGH':
      return rollout ? 'SPLIT' : 'STATIC';
    case 'RULE_MATCH':
      return rollout ? 'SPLIT' : 'TARGETING_MATCH';
    case 'TARGET_MATCH':
      return 'TARGETING_MATCH';
    default:
      return 'UNKNOWN';
  }
}

function errorCodeOf({ errorKind }: EvaluationReason): ErrorCode {
  switch (errorKind) {
    case 'MALFORMED_FLAG':
      return 'PARSE_ERROR';
    case 'USER_NOT_SPECIFIED':
      return 'TARGETING_KEY_MISSING';
    default:
      return 'GENERAL';
  }
}
