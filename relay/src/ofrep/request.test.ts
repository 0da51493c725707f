import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contextOf } from './request.ts';

test('the context is taken as it was sent', () => {
  assert.deepEqual(contextOf('{"context":{"targetingKey":"a","__proto__":{"b":1}}}'), {
    targetingKey: 'a',
    ['__proto__']: { b: 1 },
  });
});

test('a character that is written as two escapes is that character, and half of one is U+FFFD', () => {
  const context = contextOf(String.raw`{"context":{"targetingKey":"\ud83d\ude00","half":["\uD83D"],"text":"\\ud83d"}}`);
  assert.deepEqual(context, { targetingKey: '😀', half: ['\ufffd'], text: '\\ud83d' });
});

test('what is no object with a context is refused by name', () => {
  assert.throws(() => contextOf('{'), { code: 'PARSE_ERROR', message: 'the body is not valid JSON' });
  assert.throws(() => contextOf('[]'), {
    code: 'PARSE_ERROR',
    message: 'the body must be a JSON object with a "context"',
  });
  assert.throws(() => contextOf('{"context":[]}'), { code: 'INVALID_CONTEXT', message: '"context" must be an object' });
});
