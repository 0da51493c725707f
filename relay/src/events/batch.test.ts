import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseBatch, textOf } from './batch.ts';

const parse = (text: string | Buffer) => parseBatch(Buffer.from(text as string));

test('only a JSON array is a batch', () => {
  assert.equal(parse(' [1, {"a":[2]}] ')?.count, 2);
  assert.equal(parse('[]')?.count, 0);
  for (const bad of ['{}', 'not json', '"[]"', '[1', '', '\ufeff[1]']) assert.equal(parse(bad), undefined, bad);
});

test('what is between the brackets is not copied, whatever it is', () => {
  const body = Buffer.from('\n[ {"n":12345678901234567890, "x":1e400},\t"é]" ]\r\n');
  const batch = parseBatch(body);
  assert.equal(batch?.events, body);
  assert.equal(batch && textOf(batch), ' {"n":12345678901234567890, "x":1e400},\t"é]" ');
  assert.deepEqual([batch?.count, batch?.invalid], [2, 0]);
});

test('bytes that are no UTF-8 leave as the text that they were read as', () => {
  const batch = parse(Buffer.concat([Buffer.from('["a'), Buffer.from([0xff]), Buffer.from('b"]')]));
  assert.equal(batch && textOf(batch), '"a\ufffdb"');
});

for (const bad of [
  '{"kind":"custom","creationDate":1e400}',
  '{"kind":"custom","metricValue":1e400}',
  '{"kind":"custom","metricValue":-1e400}',
  '{"kind":"feature","version":1e400}',
  '{"kind":"feature","version":9007199254740993}',
  '{"kind":"feature","variation":-1e400}',
  '{"kind":"feature","samplingRatio":1e17}',
  '{"kind":"summary","startDate":1e400,"features":{}}',
  '{"kind":"summary","endDate":1e400,"features":{}}',
  '{"kind":"summary","features":{"f":{"counters":[{"count":1},{"count":1e400}]}}}',
  '{"kind":"summary","features":{"f":{"counters":[{"count":1,"version":1e400}]}}}',
  '{"kind":"summary","features":{"f":null,"g":{"counters":[{"variation":1e400}]}}}',
]) {
  test(`${bad} is left out, its neighbours are not`, () => {
    const batch = parse(`[{"a":1}, ${bad} ,"z"]`);
    assert.equal(batch && textOf(batch), '{"a":1},"z"');
    assert.deepEqual([batch?.count, batch?.invalid], [2, 1]);
  });
}

test('a batch of nothing else is empty', () => {
  const batch = parse('[{"version":1e400}]');
  assert.deepEqual([batch?.count, batch?.invalid, batch && textOf(batch)], [0, 1, '']);
});

for (const good of [
  '{"metricValue":1e300,"version":9007199254740991,"creationDate":1.5}',
  '{"creationDate":"yesterday","version":null,"features":7}',
  '{"features":{"f":{"counters":[null,7]},"g":{"counters":"x"}}}',
  'null',
  '1e400',
]) {
  test(`${good} is passed on`, () => {
    assert.equal(parse(`[${good}]`)?.invalid, 0);
  });
}
