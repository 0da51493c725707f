import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readValues, ValuesError } from './values-file.ts';

test('values are read with their path, default, description and schema', () => {
  const text = `
# Head of the file.

image:
  # -- Tag of the image.
  # @schema {"minLength": 1}
  tag: v1
  # -- Labels, described
  # over two lines.
  labels: {}
# -- A list.
list: [1]
`;
  assert.deepEqual(readValues(text), [
    { path: ['image', 'tag'], default: 'v1', description: 'Tag of the image.', schema: { minLength: 1 } },
    { path: ['image', 'labels'], default: {}, description: 'Labels, described over two lines.', schema: {} },
    { path: ['list'], default: [1], description: 'A list.', schema: {} },
  ]);
});

test('a described map is one value, whatever is below it', () => {
  const [value] = readValues('# -- What it may use.\nresources:\n  limits:\n    cpu: 1\n');
  assert.deepEqual(value?.path, ['resources']);
  assert.deepEqual(value?.default, { limits: { cpu: 1 } });
});

test('mistakes are named with the key', () => {
  for (const [text, message] of [
    ['tag: v1\n', /^tag: has no "# -- description"/],
    ['a:\n  b: {}\n', /^a\.b: has no/],
    ['# -- No full stop\ntag: v1\n', /^tag: description must end with a full stop/],
    ['# -- Tag.\n# @schema {minLength\ntag: v1\n', /^tag: @schema must be followed by one line of JSON/],
    ['- list\n', /must be a map/],
  ] as const) {
    assert.throws(
      () => readValues(text),
      (error) => error instanceof ValuesError && message.test(error.message),
    );
  }
});
