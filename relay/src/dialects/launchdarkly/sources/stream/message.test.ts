import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { RefusedItem } from '../../../../data/data.ts';
import type { ServerSentEvent } from '../../../../sse/parser.ts';
import { type FlagMessage, readFlagMessage } from './message.ts';

/** Reads an event of which nothing is refused. */
function read(event: ServerSentEvent): FlagMessage | undefined {
  return readFlagMessage(event, (item) => assert.fail(item.reason));
}

test('the path says which item a patch is about', () => {
  const message = read({ event: 'patch', data: '{"path":"/flags/a/b","data":{"key":"other","version":1}}' });
  assert.ok(message && 'upsert' in message);
  assert.equal(message.upsert.key, 'a/b');
});

test('an unknown kind and an unknown event are passed over', () => {
  assert.equal(read({ event: 'patch', data: '{"path":"/configs/x","data":{}}' }), undefined);
  assert.equal(read({ event: 'goodbye', data: 'x' }), undefined);
});

test('odd but acceptable: a put for the empty path, an item with the empty key, a fraction as version', () => {
  const put = read({ event: 'put', data: '{"path":"","data":{"flags":{}}}' });
  assert.ok(put && 'put' in put);
  const patch = read({ event: 'patch', data: '{"path":"/flags/","data":{"key":"x","version":1}}' });
  assert.ok(patch && 'upsert' in patch && patch.upsert.key === '');
  const deletion = read({ event: 'delete', data: '{"path":"/flags/x","version":2.9}' });
  assert.ok(deletion && 'upsert' in deletion && deletion.upsert.version === 2);
});

test('keys that are special in JavaScript are keys like others', () => {
  const message = read({
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
          read({ event: name, data });
        } catch (error) {
          assert.ok(error instanceof Error);
        }
      }
      assert.equal(({} as Record<string, unknown>).key, undefined);
    }),
    { numRuns: 2000 },
  );
});

test('a change with a number that cannot be is refused by its name, and no reason to start anew', () => {
  const refused: RefusedItem[] = [];
  const read = (event: string, data: string) => readFlagMessage({ event, data }, (item) => refused.push(item));
  assert.equal(read('delete', '{"path":"/flags/a","version":1e400}'), undefined);
  assert.equal(read('delete', '{"path":"/segments/b","version":9007199254740993}'), undefined);
  assert.equal(read('patch', '{"path":"/flags/c","data":{"version":1e400}}'), undefined);
  assert.equal(read('patch', '{"path":"/flags/d","data":{"version":1,"variations":[[1e400]]}}'), undefined);
  const put = read('put', '{"path":"/","data":{"flags":{"good":{"version":1},"e":{"version":-1e999}}}}');
  assert.deepEqual([...(put !== undefined && 'put' in put ? put.put.flags.keys() : [])], ['good']);
  assert.deepEqual(
    refused.map(({ kind, key }) => `${kind}/${key}`),
    ['flags/a', 'segments/b', 'flags/c', 'flags/d', 'flags/e'],
  );
});
