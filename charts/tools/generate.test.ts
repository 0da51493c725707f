import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import project from '../../package.json' with { type: 'json' };
import { withValuesTable } from './readme.ts';
import { crdTemplate } from './templates.ts';
import { readValues } from './values-file.ts';
import { valuesSchema } from './values-schema.ts';

const chart = join(import.meta.dirname, '../flagrelay');
const values = readValues(readFileSync(join(chart, 'values.yaml'), 'utf8'));

test('chart, operator and relay have one version', () => {
  const { version, appVersion } = parse(readFileSync(join(chart, 'Chart.yaml'), 'utf8'));
  assert.equal(version, project.version);
  assert.equal(appVersion, project.version);
});

test('every value is read by a template', () => {
  const folder = join(chart, 'templates');
  const text = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(yaml|tpl|txt)$/.test(name))
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('\n');
  // The parts of an image are read inside the helper that the whole image is given to.
  const images = new Set(['registry', 'repository', 'tag', 'digest']);
  for (const { path } of values) {
    const read = images.has(path.at(-1) ?? '') ? path.slice(0, -1) : path;
    assert.match(text, new RegExp(`\\.Values\\.${read.join('\\.')}\\b(?!\\.)`), path.join('.'));
  }
});

test('the schema knows every value by its type, and no other', () => {
  const schema = JSON.parse(
    valuesSchema([
      { path: ['image', 'tag'], default: 'v1', description: 'Tag.', schema: { minLength: 1 } },
      { path: ['replicas'], default: 2, description: 'How many.', schema: {} },
    ]),
  );
  assert.equal(schema.additionalProperties, false);
  assert.deepEqual(Object.keys(schema.properties), ['image', 'replicas', 'global']);
  assert.deepEqual(schema.properties.image, {
    type: 'object',
    additionalProperties: false,
    properties: { tag: { description: 'Tag.', type: 'string', minLength: 1, default: 'v1' } },
  });
  assert.equal(schema.properties.replicas.type, 'integer');
});

test('a README without the markers is refused', () => {
  assert.throws(() => withValuesTable('# flagrelay\n', values), /must have the lines/);
});

test('a CRD that Helm would take for a template is refused', () => {
  assert.throws(() => crdTemplate('description: {{ x }}'), /must not contain/);
  assert.throws(() => crdTemplate('kind: Other\n'), /no metadata.name/);
});
