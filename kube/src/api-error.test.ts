import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type ApiError,
  apiErrorFrom,
  conflictingManagers,
  isAlreadyExists,
  isConflict,
  isExpired,
  isForbidden,
  isInvalid,
  isNotFound,
  isTerminal,
} from './api-error.ts';

const status = (reason: string, extra: object = {}) =>
  JSON.stringify({ kind: 'Status', reason, message: 'why', ...extra });
const from = (code: number, body: string, retryAfterMs?: number): ApiError =>
  apiErrorFrom(code, body, retryAfterMs, 'PATCH /api/v1/configmaps');

describe('API error', () => {
  it('carries code, reason, causes and request of a Status', () => {
    const causes = [{ reason: 'FieldValueInvalid', field: 'spec.replicas', message: 'must be positive' }];
    const error = from(422, status('Invalid', { details: { causes } }));
    assert.equal(error.code, 422);
    assert.equal(error.reason, 'Invalid');
    assert.deepEqual(error.causes, causes);
    assert.equal(error.message, 'PATCH /api/v1/configmaps: 422 Invalid: why');
    assert.equal(error.retryAfterMs, undefined);
  });

  it('takes Retry-After from the header, else from the Status', () => {
    const body = status('TooManyRequests', { details: { retryAfterSeconds: 3 } });
    assert.equal(from(429, body).retryAfterMs, 3_000);
    assert.equal(from(429, body, 1_000).retryAfterMs, 1_000);
  });

  for (const body of ['<html>secret</html>', '"secret"', 'null', '{"kind":"Secret","message":"secret"}']) {
    it(`quotes nothing of ${body.slice(0, 12)}`, () => {
      const error = from(502, body);
      assert.equal(error.reason, 'Unknown');
      assert.doesNotMatch(error.message, /secret/);
    });
  }

  it('cuts long messages', () => {
    const body = JSON.stringify({ kind: 'Status', reason: 'Invalid', message: 'x'.repeat(100_000) });
    assert.ok(from(422, body).message.length < 1_200);
  });

  it('is told apart by its kind', () => {
    const table = [
      [isNotFound, from(404, status('NotFound'))],
      [isConflict, from(409, status('Conflict'))],
      [isAlreadyExists, from(409, status('AlreadyExists'))],
      [isExpired, from(410, status('Expired'))],
      [isForbidden, from(403, status('Forbidden'))],
      [isInvalid, from(422, status('Invalid'))],
    ] as const;
    for (const [row, [matches]] of table.entries()) {
      for (const [column, [, error]] of table.entries()) assert.equal(matches(error), row === column);
      assert.equal(matches(new Error('other')), false);
    }
  });

  it('is terminal when the same request cannot succeed, a field unknown to the CRD included', () => {
    assert.ok(isTerminal(from(422, status('Invalid'))));
    assert.ok(isTerminal(from(400, status('BadRequest'))));
    const unknownField = JSON.stringify({
      kind: 'Status',
      reason: '',
      message: '.spec.x: field not declared in schema',
    });
    assert.ok(isTerminal(from(500, unknownField)));
    for (const code of [401, 403, 404, 409, 410, 429, 500, 503]) assert.ok(!isTerminal(from(code, status('Other'))));
    assert.ok(!isTerminal(new Error('other')));
  });

  it('names the managers of conflicting fields once', () => {
    const cause = (manager: string) => ({
      reason: 'FieldManagerConflict',
      message: `conflict with "${manager}" using apps/v1`,
      field: '.spec.replicas',
    });
    const causes = [
      cause('kubectl'),
      cause('kubectl'),
      cause('hpa'),
      { reason: 'Other', message: 'conflict with "x"' },
    ];
    assert.deepEqual(conflictingManagers(from(409, status('Conflict', { details: { causes } }))), ['kubectl', 'hpa']);
    assert.deepEqual(conflictingManagers(new Error('other')), []);
  });
});
