import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apiErrorFrom } from '@flagrelay/kube/api-error';
import { childKinds } from './children.ts';
import { isUnknownKind, KindDisabledError, KindNotInstalledError } from './kind-not-installed.ts';

const refusal = (code: number, reason: string, message: string) =>
  apiErrorFrom(code, JSON.stringify({ kind: 'Status', code, reason, message }), undefined, 'PATCH /apis/x');

test('a kind that is not there, or on its way out, is told from an object or a namespace that is not', () => {
  assert.ok(isUnknownKind(apiErrorFrom(404, '404 page not found\n', undefined, 'PATCH /apis/x')));
  assert.ok(isUnknownKind(refusal(404, 'NotFound', 'the server could not find the requested resource')));
  const going = 'monitors "a" is forbidden: create not allowed while custom resource definition is terminating';
  assert.ok(isUnknownKind(refusal(403, 'Forbidden', going)));
  assert.ok(!isUnknownKind(refusal(404, 'NotFound', 'namespaces "a" not found')));
  assert.ok(!isUnknownKind(refusal(403, 'Forbidden', 'User "a" cannot patch resource')));
  assert.ok(!isUnknownKind(new Error('404')));
});

test('the message names the field, the kind and its version', () => {
  const kind = childKinds.find(({ type }) => type.kind === 'ServiceMonitor')!;
  const { message } = new KindNotInstalledError(kind);
  for (const words of ['`spec.metrics.serviceMonitor.enabled`', 'ServiceMonitor', 'monitoring.coreos.com/v1']) {
    assert.ok(message.includes(words), message);
  }
});

test('of a kind that is switched off the message names the field and the value of the chart', () => {
  const kind = childKinds.find(({ type }) => type.kind === 'HTTPRoute')!;
  assert.match(new KindDisabledError(kind).message, /`spec\.httpRoute` asks for a HTTPRoute.*features\.httpRoute/);
});
