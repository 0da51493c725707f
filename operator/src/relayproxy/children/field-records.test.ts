import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubernetesObject } from '../../runtime/objects.ts';
import { createFieldRecords, fieldRecords, ownFields } from './field-records.ts';

const apply = (fieldsV1: object, uid = 'a') => ({
  manager: 'flagrelay-operator',
  operation: 'Apply',
  apiVersion: 'v1',
  time: `2026-01-01T00:00:0${uid.length}Z`,
  fieldsType: 'FieldsV1',
  fieldsV1: { 'f:metadata': { 'f:ownerReferences': { [`k:{"uid":"${uid}"}`]: {} } }, ...fieldsV1 },
});
const object = (...managedFields: object[]): KubernetesObject => ({ metadata: { name: 'a', managedFields } });

test('children of all fleets share one record; times, owners and what is written to the status are left out', () => {
  const records = createFieldRecords();
  const fields = { 'f:spec': { 'f:replicas': {} } };
  const status = { manager: 'kube-controller-manager', operation: 'Update', subresource: 'status', fieldsV1: fields };
  const scale = { manager: 'hpa', operation: 'Update', subresource: 'scale', fieldsV1: fields };
  const one = records.share(object(apply(fields, 'a'), status, scale));
  const two = records.share(object(apply(fields, 'another uid')));
  assert.deepEqual(one.metadata?.managedFields, [
    {
      manager: 'flagrelay-operator',
      operation: 'Apply',
      fieldsV1: { 'f:metadata': { 'f:ownerReferences': {} }, 'f:spec': { 'f:replicas': {} } },
    },
    { manager: 'hpa', operation: 'Update', subresource: 'scale', fieldsV1: fields },
  ]);
  assert.equal(one.metadata?.managedFields?.[0], two.metadata?.managedFields?.[0]);
  assert.deepEqual(
    fieldRecords(one).map(({ manager, subresource }) => [manager, subresource]),
    [
      ['flagrelay-operator', undefined],
      ['hpa', 'scale'],
    ],
  );
});

test('what is shared is bounded, and so is one record', () => {
  const records = createFieldRecords(1000);
  for (let index = 0; index < 100; index += 1) {
    records.share(object(apply({ [`f:${index}`]: {} })));
    assert.ok(records.characters <= 1000);
  }
  const huge = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`f:field-${index}`, {}]));
  assert.deepEqual(records.share(object(apply(huge))).metadata?.managedFields?.[0], {
    manager: 'flagrelay-operator',
    operation: 'Apply',
    fieldsV1: {},
  });
});

test('only the record of our own applies says what is ours', () => {
  const fieldsV1 = { 'f:data': {} };
  assert.equal(ownFields(object()), undefined);
  assert.equal(ownFields(object({ manager: 'flagrelay-operator', operation: 'Update', fieldsV1 })), undefined);
  assert.equal(ownFields(object({ manager: 'other', operation: 'Apply', fieldsV1 })), undefined);
  assert.deepEqual(ownFields(object({ manager: 'flagrelay-operator', operation: 'Apply', fieldsV1 })), fieldsV1);
});
