import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { checkBatch } from './check-batch.ts';

/** What `JSON.parse` says. */
function elements(text: string): number | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value.length : undefined;
  } catch {
    return undefined;
  }
}

test('it takes for an array of so many elements what JSON.parse does', () => {
  const pieces = fc.constantFrom(
    ...['[', ']', '{', '}', ',', ':', '"', '"a"', '""', '"\\u00e9"', '"\\u12x4"', '\\', '\\n', '"\\x"', 'é', '😀'],
    ...[' ', '\t', '\r\n', '\u00a0', '\u0001', '0', '-', '01', '1', '1.', '.5', '1.5', '1e3', '1E+3', '1e-', '-0'],
    ...['true', 'false', 'null', 'tru', 'nulll', '"k":1', '{"k":[1,2]}', '[1,2]', '12345678901234567890', '1e400'],
  );
  const soup = fc.array(pieces, { maxLength: 12 }).map((list) => list.join(''));
  const almost = fc
    .tuple(fc.array(fc.jsonValue(), { maxLength: 4 }), fc.nat(), fc.constantFrom('', ',', '"', '}', '0', '\\', ' '))
    .map(([value, where, what]) => {
      const text = JSON.stringify(value, undefined, where % 3);
      const at = where % (text.length + 1);
      return text.slice(0, at) + what + text.slice(at + (where % 2));
    });
  fc.assert(
    fc.property(
      fc.oneof(
        soup,
        soup.map((text) => `[${text}]`),
        almost,
      ),
      (text) => {
        assert.equal(checkBatch(Buffer.from(text))?.count, elements(Buffer.from(text).toString()));
      },
    ),
    { numRuns: 3_000 },
  );
});

test('it finds what is between the brackets', () => {
  const text = ' [ {"a":[1,{}]} , [] ,7\n] ';
  const check = checkBatch(Buffer.from(text));
  assert.equal(text.slice(check?.start, check?.end), ' {"a":[1,{}]} , [] ,7\n');
  assert.deepEqual([check?.count, check?.unsound], [3, []]);
});

for (const bad of [
  '{"kind":"custom","creationDate":1e400}',
  '{"kind":"custom","metricValue":1e400}',
  '{"kind":"custom","metricValue":-1e400}',
  `{"kind":"custom","metricValue":1${'0'.repeat(400)}}`,
  '{"kind":"feature","version":1e400}',
  '{"kind":"feature","version":9007199254740993}',
  '{"kind":"feature","variation":-1e17}',
  '{"kind":"feature","samplingRatio":1e17}',
  '{"kind":"summary","startDate":1e17,"features":{}}',
  '{"kind":"summary","endDate":1e17,"features":{}}',
  '{"kind":"summary","features":{"f":{"counters":[{"count":1},{"count":1e400}]}}}',
  '{"kind":"identify","context":{"kind":"user","key":"k","n":[1e999,2e999]}}',
  `{"data":${'['.repeat(600)}${']'.repeat(600)}}`,
]) {
  test(`upstream would not read ${bad.slice(0, 80)}`, () => {
    const check = checkBatch(Buffer.from(`[1,${bad},${bad},"z"]`));
    assert.deepEqual([check?.count, check?.unsound], [4, [1, 2]]);
  });
}

for (const good of [
  '{"metricValue":1e300,"version":9007199254740991,"creationDate":1.5e12,"variation":0}',
  '{"creationDate":"1e400","n":12345678901234567890,"context":{"version":1e17},"x":1e-400}',
  '["version",1e17]',
  `{"data":${'['.repeat(400)}${']'.repeat(400)}}`,
]) {
  test(`upstream reads ${good.slice(0, 80)}`, () => {
    assert.deepEqual(checkBatch(Buffer.from(`[${good}]`))?.unsound, []);
  });
}

test('deep and wide bodies are read to the end', () => {
  const deep = checkBatch(Buffer.from(`[${'[{"a":'.repeat(100_000)}1${'}]'.repeat(100_000)},2]`));
  assert.deepEqual([deep?.count, deep?.unsound], [2, [0]]);
  assert.equal(checkBatch(Buffer.from(`[${'[],'.repeat(500_000)}[]]`))?.count, 500_001);
});
