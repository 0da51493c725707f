import assert from 'node:assert/strict';
import { test } from 'node:test';
import { obscureKey } from './document.ts';

test('keys are obscured as ld-relay does (contract 3)', () => {
  assert.equal(obscureKey('sdk-98e2b0b4-2688-4a59-9810-1e0e3d798989'), 'sdk-********-****-****-****-*******98989');
  assert.equal(obscureKey('sdk-local'), 'sdk-*****');
  assert.equal(obscureKey(''), '');
  assert.equal(obscureKey('ghijklmnopqrstuv'), 'ghijklmnopqrstuv');
});
