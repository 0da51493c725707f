import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { LIMIT_OPTIONS, OPTIONS } from '@flagrelay/relay/config';
import { METRICS } from '@flagrelay/relay/metrics';
import { idOf, OPTION_ROWS } from '../src/option-rows.ts';
import { fieldsOf } from '../src/testing/crd-fields.ts';

// `relay/docs/limits.md` is written by hand: what it names must be there, and what is there must be named.

const rows = readFileSync(new URL('../../relay/docs/limits.md', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| ---') && !line.startsWith('| What'));

/** Variables, fields of `spec.limits` and metrics that the rows name. */
const named = (pattern: RegExp): Set<string> =>
  new Set(rows.flatMap((row) => [...row.matchAll(pattern)].map((match) => match[1] ?? '')));

test('every field of spec.limits is on the page, and no other', () => {
  assert.deepEqual([...named(/`limits\.(\w+)`/g)].sort(), fieldsOf('limits').sort());
});

test('every option that becomes such a field is in its row, with its variable', () => {
  const fields = OPTION_ROWS.filter(({ field }) => field?.startsWith('limits.'));
  for (const { option: id, field } of fields) {
    const option = OPTIONS.find((one) => idOf(one) === id);
    const said = `\`${option?.key}\` \`${option?.env}\``;
    assert.ok(
      rows.some((row) => row.includes(said) && row.includes(`\`${field}\``)),
      `no row has ${said} and \`${field}\``,
    );
  }
  const withoutField = LIMIT_OPTIONS.filter((option) => !fields.some((row) => row.option === idOf(option)));
  assert.deepEqual(withoutField, [], 'limits without a field');
});

test('every field of spec.limits comes from an option', () => {
  const fields = new Set(OPTION_ROWS.map(({ field }) => field));
  assert.deepEqual(
    fieldsOf('limits').filter((field) => !fields.has(`limits.${field}`)),
    [],
  );
});

test('every variable and metric on the page is one', () => {
  const variables = new Set(OPTIONS.map(({ env }) => env));
  assert.deepEqual(
    [...named(/`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)`/g)].filter((name) => !variables.has(name)),
    ['MALFORMED_FLAG'],
  );
  const metrics = new Set<string>(Object.values(METRICS).map(({ name }) => name));
  assert.deepEqual(
    [...named(/`(flagrelay_\w+)/g)].filter((name) => !metrics.has(name)),
    [],
  );
});
