import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { objectKey, parseKey, refKey } from './objects.ts';
import { collectionPath, objectPath, queryString } from './paths.ts';
import { namespaces } from './testing/cluster.ts';
import { configMaps } from './testing/fixtures.ts';

const deployments = { group: 'apps', version: 'v1', kind: 'Deployment', plural: 'deployments', namespaced: true };

describe('paths', () => {
  it('follow group, namespace, name and subresource', () => {
    assert.equal(collectionPath(configMaps), '/api/v1/configmaps');
    assert.equal(collectionPath(deployments, 'n'), '/apis/apps/v1/namespaces/n/deployments');
    assert.equal(
      objectPath(deployments, { namespace: 'n', name: 'a' }, 'scale'),
      '/apis/apps/v1/namespaces/n/deployments/a/scale',
    );
    assert.equal(objectPath(namespaces, { name: 'n' }), '/api/v1/namespaces/n');
    assert.equal(
      objectPath({ ...configMaps, plural: 'roles' }, { namespace: 'n', name: 'system:x' }),
      '/api/v1/namespaces/n/roles/system%3Ax',
    );
  });

  for (const name of ['', '.', '..', 'a/b', '../secrets/x', 'a%2fb']) {
    it(`refuse the name ${JSON.stringify(name)}`, () => {
      assert.throws(() => objectPath(configMaps, { namespace: 'n', name }), RangeError);
      assert.throws(() => collectionPath(configMaps, name), RangeError);
    });
  }

  it('refuse a namespaced object without a namespace', () => {
    assert.throws(() => objectPath(configMaps, { name: 'a' }), /namespace of ConfigMap a must be set/);
  });
});

describe('query', () => {
  it('leaves out what is not asked for, and escapes', () => {
    assert.equal(
      queryString({ limit: 500, continue: undefined, watch: false, labelSelector: 'a=b,c' }),
      '?limit=500&labelSelector=a%3Db%2Cc',
    );
    assert.equal(queryString({}), '');
  });
});

describe('keys', () => {
  it('go to references and back', () => {
    for (const ref of [{ namespace: 'n', name: 'a' }, { name: 'cluster-wide' }])
      assert.deepEqual(parseKey(refKey(ref)), ref);
    assert.equal(objectKey({ metadata: { namespace: 'n', name: 'a' } }), 'n/a');
  });
});
