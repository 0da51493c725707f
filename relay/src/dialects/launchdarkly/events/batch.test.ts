import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { eventTexts, ownEvents, type ParsedBatch, parseBatch } from './batch.ts';

const parse = (text: string) => parseBatch(Buffer.from(text));

const textOf = ({ events, start, end }: ParsedBatch): string => events.toString('utf8', start, end);

test('only a JSON array is a batch', () => {
  assert.equal(parse(' [1, {"a":[2]}] ')?.count, 2);
  assert.equal(parse('[]')?.count, 0);
  for (const bad of ['{}', 'not json', '"[]"', '[1', '', '\ufeff[1]']) assert.equal(parse(bad), undefined, bad);
});

test('what is between the brackets is not copied, whatever it is', () => {
  const body = Buffer.from('\n[ {"n":12345678901234567890, "x":1e300},\t"é]" ]\r\n');
  const batch = parseBatch(body);
  assert.equal(batch?.events, body);
  assert.equal(batch && textOf(batch), ' {"n":12345678901234567890, "x":1e300},\t"é]" ');
  assert.deepEqual([batch?.count, batch?.invalid], [2, 0]);
});

test('what is to be kept is a copy of it alone', () => {
  const slab = Buffer.alloc(1_000_000);
  const body = slab.subarray(10, 10 + slab.write('[1,2]', 10));
  const own = ownEvents(parseBatch(body)!);
  assert.equal(textOf(own), '1,2');
  assert.equal(own.events.buffer.byteLength, 3);
});

test('bytes that are no UTF-8 leave as the text that they are read as', () => {
  const batch = parseBatch(Buffer.concat([Buffer.from('["a'), Buffer.from([0xff]), Buffer.from('b"]')]));
  assert.equal(batch && textOf(batch), '"a\ufffdb"');
});

test('an event that upstream cannot read is left out, its neighbours are not', () => {
  const batch = parse('[{"a":1}, {"kind":"custom","metricValue":1e400} ,"é"]');
  assert.equal(batch && textOf(batch), '{"a":1},"é"');
  assert.deepEqual([batch?.count, batch?.invalid], [2, 1]);
});

test('a batch of nothing else is empty', () => {
  const batch = parse('[{"version":1e400}]');
  assert.deepEqual([batch?.count, batch?.invalid, batch && textOf(batch)], [0, 1, '']);
});

test('the texts of the events are told where they are asked for, without those that are left out and the white space', () => {
  const parsed = (text: string) => parseBatch(Buffer.from(text), { spans: true })!;
  assert.deepEqual(eventTexts(parsed(' [ {"a":[1,{}]} ,"é",\n[ ]\t, 12 , null] ')), [
    '{"a":[1,{}]}',
    '"é"',
    '[ ]',
    '12',
    'null',
  ]);
  assert.deepEqual(eventTexts(parsed('[{"a":1e400}, {"b":2} ,{"version":1e300},3]')), ['{"b":2}', '3']);
  assert.deepEqual(eventTexts(parsed('[ ]')), []);
  assert.deepEqual(eventTexts(ownEvents(parsed(' [1, {"b":"é"}]'))), ['1', '{"b":"é"}']);
});

test('whatever the events, their texts are those that were put together', () => {
  const space = fc.constantFrom('', ' ', '\n\t');
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.json(), space, space)), (given) => {
      const body = Buffer.from(`[${given.map(([text, before, behind]) => before + text + behind).join(',')}]`);
      const parsed = parseBatch(body, { spans: true });
      assert.ok(parsed !== undefined);
      if (parsed.invalid === 0)
        assert.deepEqual(
          eventTexts(parsed),
          given.map(([text]) => text),
        );
    }),
  );
});
