import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AnswerCache, type Question } from './answer-cache.ts';

const HERE = {};
const ask = (text: string, rest: Partial<Question> = {}): Question => ({
  data: '1',
  audience: 'browser',
  withReasons: false,
  text,
  ...rest,
});
const tagOf = ({ data, audience, withReasons, text }: Question) => `${data}.${audience}.${withReasons}.${text}`;

/** One request as the relay makes it: looks, and offers what it found out itself. Tells whether the answer was there. */
function request(cache: AnswerCache, question: Question, body = tagOf(question), environment: object = HERE): boolean {
  const known = cache.find(environment, question);
  if (known === undefined) cache.offer(environment, question, tagOf(question), [body]);
  else assert.equal(known.body.toString(), body);
  return known !== undefined;
}

test('an answer is kept from the second time on', () => {
  const cache = new AnswerCache(1e6);
  assert.deepEqual(
    [1, 2, 3, 4].map(() => request(cache, ask('alice'))),
    [false, false, true, true],
  );
  const { hits, misses, bytes } = cache.use;
  assert.deepEqual([hits, misses, bytes > 0], [2, 2, true]);
});

test('other data, audiences, reasons, texts and environments are other answers', () => {
  const cache = new AnswerCache(1e6);
  for (let time = 0; time < 3; time++) request(cache, ask('alice'));
  assert.equal(request(cache, ask('bob')), false);
  assert.equal(request(cache, ask('alice', { audience: 'mobile' })), false);
  assert.equal(request(cache, ask('alice', { audience: 'server' })), false);
  assert.equal(request(cache, ask('alice', { withReasons: true })), false);
  assert.equal(request(cache, ask('alice'), undefined, {}), false);
  assert.equal(request(cache, ask('alice')), true);
});

test('a change of the data throws away what was kept of the old ones', () => {
  const cache = new AnswerCache(1e6);
  for (let time = 0; time < 3; time++) request(cache, ask('alice'));
  assert.equal(request(cache, ask('alice', { data: '2' })), false);
  assert.equal(cache.use.bytes, 0);
});

test('a text in several parts, and one that is not ASCII, come back as they were', () => {
  const cache = new AnswerCache(1e6);
  const question = ask('{"key":"Łódź 🙂"}');
  cache.offer(HERE, question, 'tag', ['{"a":', '1}']);
  assert.equal(cache.offer(HERE, question, 'tag', ['{"a":', '1}'])?.body.toString(), '{"a":1}');
  assert.equal(cache.find(HERE, ask('{"key":"Łódź 🙂"}'))?.body.toString(), '{"a":1}');
  assert.equal(cache.find(HERE, ask('{"key":"Łódź 🙃"}')), undefined);
});

test('of contexts that come in turn, and are too many, some stay', () => {
  const cache = new AnswerCache(100_000);
  const round = () => {
    let hits = 0;
    for (let text = 0; text < 200; text++) if (request(cache, ask(`${text}`), 'x'.repeat(1000))) hits += 1;
    return hits;
  };
  const rounds = Array.from({ length: 10 }, round);
  assert.ok(Math.min(...rounds.slice(3)) > 60, rounds.join());
});

test('what is asked for more often takes the place of what no longer is', () => {
  const cache = new AnswerCache(100_000);
  const body = 'x'.repeat(1000);
  for (let time = 0; time < 3; time++) for (let text = 0; text < 100; text++) request(cache, ask(`old ${text}`), body);
  for (let time = 0; time < 20; time++) for (let text = 0; text < 50; text++) request(cache, ask(`new ${text}`), body);
  let hits = 0;
  for (let text = 0; text < 50; text++) if (request(cache, ask(`new ${text}`), body)) hits += 1;
  assert.equal(hits, 50);
});

test('what would take a good part of the cache is not kept, and with 0 bytes nothing is', () => {
  for (const [bytes, size] of [
    [100_000, 5_000],
    [0, 10],
  ] as const) {
    const cache = new AnswerCache(bytes);
    for (let time = 0; time < 5; time++) assert.equal(request(cache, ask('alice'), 'x'.repeat(size)), false);
    assert.equal(cache.use.bytes, 0);
  }
});

test('property: never more than its bytes, and never an answer of something else', () => {
  const step = fc.record({
    text: fc.integer({ min: 0, max: 30 }).map(String),
    data: fc.integer({ min: 1, max: 3 }).map(String),
    audience: fc.constantFrom('browser', 'mobile', 'server'),
    withReasons: fc.boolean(),
    environment: fc.nat(1),
    length: fc.integer({ min: 1, max: 400 }),
    gzip: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
      const cache = new AnswerCache(20_000);
      const environments = [{}, {}];
      for (const { environment, length, gzip, ...rest } of steps) {
        const question = ask(rest.text, rest as Partial<Question>);
        const owner = environments[environment]!;
        const known = cache.find(owner, question);
        const start = `${environment}|${tagOf(question)}|`;
        if (known === undefined) cache.offer(owner, question, start, [start, 'x'.repeat(length)]);
        else {
          assert.ok(known.body.toString().startsWith(start));
          if (gzip) cache.compressed(known, Buffer.alloc(length / 2));
        }
        assert.ok(cache.use.bytes >= 0 && cache.use.bytes <= 20_000, `${cache.use.bytes}`);
      }
    }),
  );
});

test('a compressed form is kept without the buffer that it is a part of', () => {
  const cache = new AnswerCache(100_000);
  const question = ask('alice');
  const owner = {};
  for (let time = 0; time < 2; time++) cache.offer(owner, question, 'tag', ['answer']);
  const slab = Buffer.alloc(16_384, 'z');
  cache.compressed(cache.find(owner, question)!, slab.subarray(100, 120));
  const { gzip } = cache.find(owner, question)!;
  assert.equal(gzip?.toString(), 'z'.repeat(20));
  assert.equal(gzip?.buffer.byteLength, 20);
});
