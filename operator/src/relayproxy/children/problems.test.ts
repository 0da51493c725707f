import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apiErrorFrom } from '@flagrelay/kube/api-error';
import { buildDeployment } from '../resources/deployment.ts';
import type { Deployment } from '../resources/kubernetes-types.ts';
import { testFacts, testRelayProxy } from '../testing/test-relay-proxy.ts';
import { ForeignObjectError } from './apply.ts';
import { ImageVolumeDroppedError, isFinal, problemOf, refuseDroppedImageVolume } from './problems.ts';

const refusal = (code: number, reason: string, message: string) =>
  apiErrorFrom(code, JSON.stringify({ kind: 'Status', code, reason, message }), undefined, 'PATCH /apis/x');
const plain = testRelayProxy();
const fromImage = testRelayProxy({ offline: { image: { reference: 'r/flags:1' } } });

test('a refusal is told in the words of the server, under a reason', () => {
  const reasonOf = (error: unknown) => problemOf(error, plain)?.reason;
  assert.deepEqual(problemOf(refusal(422, 'Invalid', 'spec.x is wrong'), plain), {
    reason: 'ApplyFailed',
    message: 'spec.x is wrong',
  });
  assert.equal(reasonOf(refusal(403, 'Forbidden', 'exceeded quota: pods')), 'QuotaExceeded');
  assert.equal(reasonOf(refusal(403, 'Forbidden', 'User cannot patch')), 'Forbidden');
  assert.equal(reasonOf(refusal(409, 'Conflict', 'field manager')), 'FieldConflict');
  assert.equal(reasonOf(new ForeignObjectError('not ours')), 'FieldConflict');
  assert.equal(reasonOf(new TypeError('a bug')), undefined);
});

test('an API server without image volumes is named as the cause, and not asked again at once', () => {
  const unknown = refusal(
    500,
    'InternalError',
    'failed to create typed patch object: .spec.template.spec.volumes[name="offline"].image: field not declared in schema',
  );
  const dropped = refusal(422, 'Invalid', 'spec.template.spec.volumes[1]: Required value: must specify a volume type');
  for (const error of [unknown, dropped]) {
    const problem = problemOf(error, fromImage);
    assert.equal(problem?.reason, 'ImageVolumeUnsupported');
    assert.match(problem?.message ?? '', /Kubernetes 1\.35, or 1\.33 with the feature gate ImageVolume/);
    assert.ok(isFinal(error));
    assert.equal(problemOf(error, plain)?.reason, 'ApplyFailed');
  }
});

test('an API server that leaves an image volume out without a word is named as the cause, too', () => {
  const live = buildDeployment(fromImage, testFacts) as Deployment;
  refuseDroppedImageVolume(fromImage, live);
  refuseDroppedImageVolume(fromImage, undefined);
  refuseDroppedImageVolume(plain, buildDeployment(plain, testFacts) as Deployment);
  const dropped = structuredClone(live);
  const pod = dropped.spec!.template.spec!;
  pod.volumes = (pod.volumes ?? []).filter(({ name }) => name !== 'offline');
  assert.throws(
    () => refuseDroppedImageVolume(fromImage, dropped),
    (error) => {
      assert.ok(error instanceof ImageVolumeDroppedError && isFinal(error));
      assert.equal(problemOf(error, fromImage)?.reason, 'ImageVolumeUnsupported');
      return true;
    },
  );
});
