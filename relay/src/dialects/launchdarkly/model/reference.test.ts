import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attributePath, parseReference } from './reference.ts';

test('references (contract 12.4)', () => {
  assert.deepEqual(parseReference('name'), ['name']);
  assert.deepEqual(parseReference('a/b'), ['a/b'], 'a name that does not start with a slash is plain');
  assert.deepEqual(parseReference('a~1b'), ['a~1b']);
  assert.deepEqual(parseReference('/a'), ['a']);
  assert.deepEqual(parseReference('/a/b'), ['a', 'b']);
  assert.deepEqual(parseReference('/a~1b/~0~1'), ['a/b', '~/']);
  assert.deepEqual(parseReference('/~01'), ['~1'], 'an escape is decoded once');
});

test('malformed references', () => {
  for (const reference of ['', '/', '//', '/a/', '/a//b', '/a~', '/a~2', '//a', '/~/a']) {
    assert.equal(parseReference(reference), undefined, reference);
  }
});

test('without a context kind the attribute is a literal name (contract 14, row 35)', () => {
  assert.deepEqual(attributePath('/a/b', ''), ['/a/b']);
  assert.deepEqual(attributePath('/a/b', 'user'), ['a', 'b']);
  assert.equal(attributePath('', ''), undefined);
});
