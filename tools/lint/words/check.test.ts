import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countsOf, grownPhrases, hitsIn, wordProblems } from './check.ts';
import { PHRASES } from './phrases.ts';

const named = (name: string) => PHRASES.filter((phrase) => phrase.name === name);
const hits = (text: string, phrases = PHRASES, path = 'a.ts') => hitsIn([{ path, text }], phrases);
const names = (text: string) => [...new Set(hits(text).map(({ phrase }) => phrase.name))];

test('a docstring of the form "What X needs" is found, one that goes on is not', () => {
  for (const text of ['What the reporter needs.', 'What a relay needs', 'What `open` needs.']) {
    assert.deepEqual(names(`/** ${text} */\nexport interface A {}`), ['What X needs'], text);
  }
  assert.deepEqual(names('/** What a pod needs from its node, in bytes. */'), []);
  assert.deepEqual(names('// It says what the reporter needs.'), []);
});

test('phrases are found in comments and strings, over line ends, not in code', () => {
  assert.deepEqual(names("/**\n * It is made\n * anew.\n */\nlog('says nothing');"), ['say nothing', 'anew']);
  assert.deepEqual(names('const anew = 1;'), []);
  assert.deepEqual(
    hits('/**\n * It is made\n * anew.\n */').map(({ line, text }) => [line, text]),
    [[3, 'anew']],
  );
});

test('a sentence with a headless "who", but not a question', () => {
  assert.deepEqual(names('// Streams end. Who comes again is refused.'), ['headless who']);
  assert.deepEqual(names('// Who reads it? Those who asked.'), []);
});

test('"If unset" is the way to begin', () => {
  assert.deepEqual(names("describe('Unset: the default of the cluster.')"), ['unset:']);
  assert.deepEqual(names("describe('If unset, the default of the cluster is used.')"), []);
});

test('what is known is let through, what is new or gone is told', () => {
  const found = hits('// made anew\n// and anew', named('anew'));
  assert.deepEqual(wordProblems(found, { anew: { 'a.ts': 2 } }), []);
  assert.deepEqual(wordProblems(found, { anew: { 'a.ts': 1 } }), [
    'a.ts:1: "anew": write "again", "from scratch"',
    'a.ts:2: "anew": write "again", "from scratch"',
  ]);
  assert.equal(wordProblems(found, { anew: { 'a.ts': 3 } }).length, 1);
  assert.equal(wordProblems([], { anew: { 'b.ts': 1 } }).length, 1);
});

test('known phrases may move with their file, and not become more', () => {
  const found = countsOf(hits('// made anew', named('anew'), 'new/a.ts'));
  assert.deepEqual(grownPhrases(found, { anew: { 'old/a.ts': 1 } }), []);
  assert.deepEqual(grownPhrases(found, {}), ['anew']);
});
