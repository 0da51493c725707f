import assert from 'node:assert/strict';
import { test } from 'node:test';
import { replaceSurrogateEscapes } from '../../../json/json.ts';
import { fullyQualifiedKey, parseContext } from './context.ts';
import { parseDataSet } from './parse.ts';

test('12.4 (ran): an escaped surrogate half is U+FFFD, the character itself and other escapes are kept', () => {
  const read = (text: string): unknown => JSON.parse(replaceSurrogateEscapes(text));
  assert.equal(read('"\\ud83d\\uDE00"'), '\uFFFD\uFFFD');
  assert.equal(read('"😀 \\u00e9 \\n \\" \\uffff"'), '😀 é \n " \uFFFF');
  assert.equal(read('"\\\\ud83d"'), '\\ud83d', 'an escaped backslash is none of our business');
  assert.equal(read('"\\\\\\ud83d"'), '\\\uFFFD');
});

test('what is served keeps the escapes as they were sent', () => {
  const flag = '{"key":"f","version":1,"variations":["\\ud83d\\ude00"]}';
  assert.ok(parseDataSet(`{"flags":{"f":${flag}}}`).flags.get('f')?.json.startsWith(flag.slice(0, -1)));
});

test('a context is read the same way', () => {
  assert.equal(fullyQualifiedKey(parseContext('{"kind":"user","key":"\\ud83d\\ude00"}')), '\uFFFD\uFFFD');
  assert.equal(fullyQualifiedKey(parseContext('{"kind":"user","key":"😀"}')), '😀');
});
