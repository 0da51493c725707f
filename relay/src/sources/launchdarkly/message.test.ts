import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readFlagMessage } from './message.ts';

test('the path says which item a patch is about', () => {
  const message = readFlagMessage({ event: 'patch', data: '{"path":"/flags/a/b","data":{"key":"other","version":1}}' });
  assert.ok(message && 'upsert' in message);
  assert.equal(message.upsert.key, 'a/b');
});

test('a put for another path, an unknown kind and an unknown event are passed over', () => {
  assert.equal(readFlagMessage({ event: 'put', data: '{"path":"/x","data":{}}' }), undefined);
  assert.equal(readFlagMessage({ event: 'patch', data: '{"path":"/configs/x","data":{}}' }), undefined);
  assert.equal(readFlagMessage({ event: 'goodbye', data: 'x' }), undefined);
});

test('odd but acceptable: a put for the empty path, an item with the empty key, a fraction as version', () => {
  const put = readFlagMessage({ event: 'put', data: '{"path":"","data":{"flags":{}}}' });
  assert.ok(put && 'put' in put);
  const patch = readFlagMessage({ event: 'patch', data: '{"path":"/flags/","data":{"key":"x","version":1}}' });
  assert.ok(patch && 'upsert' in patch && patch.upsert.key === '');
  const deletion = readFlagMessage({ event: 'delete', data: '{"path":"/flags/x","version":2.9}' });
  assert.ok(deletion && 'upsert' in deletion && deletion.upsert.version === 2);
});

test('keys that are special in JavaScript are keys like others', () => {
  const message = readFlagMessage({
    event: 'put',
    data: '{"data":{"flags":{"__proto__":{"key":"__proto__","version":1}}}}',
  });
  assert.ok(message && 'put' in message);
  assert.deepEqual([...message.put.flags.keys()], ['__proto__']);
});

test('fuzz: any text either reads or throws an Error, and nothing leaks into prototypes', () => {
  const event = fc.constantFrom('put', 'patch', 'delete', 'x');
  const valid = fc.json().map((data) => `{"path":"/flags/k","version":1,"data":${data}}`);
  fc.assert(
    fc.property(event, fc.oneof(fc.string(), fc.json(), valid), fc.nat(), (name, text, cut) => {
      for (const data of [text, text.slice(0, cut % (text.length + 1))]) {
        try {
          readFlagMessage({ event: name, data });
        } catch (error) {
          assert.ok(error instanceof Error);
        }
      }
      assert.equal(({} as Record<string, unknown>).key, undefined);
    }),
    { numRuns: 2000 },
  );
});
