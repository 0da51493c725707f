import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isInterrupted } from './interrupted-release.ts';

const NOW = 1_800_000_000_000;
const record = (labels: Record<string, string>) => ({ metadata: { name: 'sh.helm.release.v1.flagrelay.v9', labels } });

test('a record of Helm is interrupted when it is pending for longer than Helm may take', () => {
  const ago = (seconds: number) => String(NOW / 1000 - seconds);
  assert.equal(
    isInterrupted(record({ status: 'pending-upgrade', createdAt: ago(400), modifiedAt: ago(4000) }), NOW),
    true,
  );
  assert.equal(isInterrupted(record({ status: 'pending-install', createdAt: ago(10) }), NOW), false);
  assert.equal(
    isInterrupted(record({ status: 'pending-rollback', createdAt: ago(4000), modifiedAt: ago(10) }), NOW),
    false,
  );
  assert.equal(isInterrupted(record({ status: 'deployed', createdAt: ago(4000) }), NOW), false);
});
