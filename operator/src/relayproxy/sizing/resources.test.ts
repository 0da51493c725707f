import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { quantityValue } from './quantity.ts';
import { chooseResources, leastNeeds, needsOf, type Resources } from './resources.ts';

test('needs follow what was measured', () => {
  const cases: [connections: number, environments: number, cpu: string, memory: string, limit: string][] = [
    [0, 1, '100m', '128Mi', '512Mi'],
    [1000, 1, '100m', '128Mi', '512Mi'],
    [2000, 1, '100m', '160Mi', '512Mi'],
    [5000, 1, '200m', '192Mi', '512Mi'],
    [5000, 10, '200m', '256Mi', '576Mi'],
    [5000, 100, '200m', '672Mi', '1472Mi'],
  ];
  for (const [connections, environments, cpu, memory, memoryLimit] of cases) {
    assert.deepEqual(
      needsOf(connections, environments),
      { cpu, memory, memoryLimit },
      `${connections} ${environments}`,
    );
  }
});

test('each process has the data for itself', () => {
  assert.equal(needsOf(5000, 1, 5).memory, '608Mi');
});

test('more connections or environments never need less', () => {
  const count = fc.integer({ min: 0, max: 100_000 });
  const environments = fc.integer({ min: 0, max: 1000 });
  fc.assert(
    fc.property(count, count, environments, environments, (a, b, c, d) => {
      const [less, more] = [needsOf(Math.min(a, b), Math.min(c, d)), needsOf(Math.max(a, b), Math.max(c, d))];
      for (const name of ['cpu', 'memory', 'memoryLimit'] as const) {
        assert.ok(quantityValue(more[name]) >= quantityValue(less[name]), name);
        assert.ok(quantityValue(less[name]) >= quantityValue(leastNeeds[name]), name);
      }
    }),
  );
});

test('what the user gives wins field by field, and the rest fits it', () => {
  const needs = { cpu: '200m', memory: '256Mi', memoryLimit: '640Mi' };
  const chosen = { requests: { cpu: '200m', memory: '256Mi' }, limits: { memory: '640Mi' } };
  const cases: [given: Resources | undefined, expected: Resources][] = [
    [undefined, chosen],
    [{}, chosen],
    [{ requests: { cpu: 1 } }, { ...chosen, requests: { cpu: 1, memory: '256Mi' } }],
    [
      { limits: { cpu: '100m' } },
      { requests: { cpu: '100m', memory: '256Mi' }, limits: { memory: '640Mi', cpu: '100m' } },
    ],
    [{ limits: { memory: '200Mi' } }, { requests: { cpu: '200m', memory: '200Mi' }, limits: { memory: '200Mi' } }],
    [{ requests: { memory: '1Gi' } }, { requests: { cpu: '200m', memory: '1Gi' }, limits: { memory: '2048Mi' } }],
    [
      { requests: { 'ephemeral-storage': '1Gi' } },
      { ...chosen, requests: { ...chosen.requests, 'ephemeral-storage': '1Gi' } },
    ],
    [{ limits: {} }, { ...chosen, limits: {} }],
    [
      { requests: {}, limits: {} },
      { requests: {}, limits: {} },
    ],
  ];
  for (const [given, expected] of cases)
    assert.deepEqual(chooseResources(given, needs), expected, JSON.stringify(given));
});
