import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { conditionMeanings } from '@flagrelay/crds';
import { childKinds } from './relayproxy/children/children.ts';

const read = (path: string): string => readFileSync(join(import.meta.dirname, path), 'utf8');
const readme = read('../README.md');

test('the README names every variable, condition and kind of child', () => {
  const variables = [...read('config.ts').matchAll(/^ {2}([A-Z][A-Z_]+):/gm)].map(([, name]) => name as string);
  assert.ok(variables.length >= 8);
  const known = variables.filter((name) => name !== 'KUBERNETES_SERVICE_HOST');
  const expected = [...known, ...Object.keys(conditionMeanings), ...childKinds.map(({ type }) => type.kind)];
  assert.deepEqual(
    expected.filter((name) => !readme.includes(name)),
    [],
  );
});

test('the README names every reason of a condition', () => {
  const folder = 'relayproxy/status';
  const sources = readdirSync(join(import.meta.dirname, folder)).filter((file) => !file.includes('.test.'));
  const reasons = sources.flatMap((file) => [...read(`${folder}/${file}`).matchAll(/reason: '([A-Z]\w+)'/g)]);
  const names = [...new Set(reasons.map(([, reason]) => reason as string))];
  assert.ok(names.length > 20);
  assert.deepEqual(
    names.filter((name) => !readme.includes(`\`${name}\``)),
    [],
  );
});
