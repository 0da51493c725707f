import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { isListedAcceptance, isListedRefusal } from './differences.ts';
import { configurationOf } from './generate.ts';
import { type Kind, letterOf, recordedKinds, textOf } from './record.ts';
import { ours } from './verdict.ts';

const judge = ours();
after(() => judge.close());

test('generated configurations: this relay starts with what ld-relay 8.10 starts with, or the difference is listed', async () => {
  const kinds = recordedKinds();
  const unlisted: unknown[] = [];
  for (const [seed, kind] of kinds.entries()) {
    const { accepted, reasons } = await judge.verdict(configurationOf(seed));
    if (accepted === (kind === 'accepted')) continue;
    const listed = accepted ? isListedAcceptance(kind, textOf(seed)) : isListedRefusal(reasons);
    if (!listed) unlisted.push({ seed, kind, reasons, text: textOf(seed) });
  }
  assert.deepEqual(unlisted.slice(0, 5), []);
  const share = kinds.filter((kind) => kind === 'accepted').length / kinds.length;
  assert.ok(kinds.length >= 5_000 && share > 0.3 && share < 0.7, `${kinds.length} with ${share} accepted`);
});

test('a seed makes the same configuration each time, of the file, of variables, or of both', () => {
  const seeds = Array.from({ length: 200 }, (_, seed) => seed);
  assert.deepEqual(seeds.map(configurationOf), seeds.map(configurationOf));
  assert.ok(seeds.some((seed) => configurationOf(seed).ini === undefined));
  assert.ok(seeds.some((seed) => configurationOf(seed).ini !== undefined && configurationOf(seed).env.LD_ENV_one));
});

test('what is recorded of a verdict is its kind', () => {
  const said: readonly (readonly [string, string])[] = [
    ['not a valid boolean value (must be true/false)', 'b'],
    ['SDK key is required for environment "one"', 'k'],
    ['must be an absolute URL/URI', 'r'],
  ];
  for (const [reason, letter] of said) assert.equal(letterOf({ accepted: false, reasons: [reason] }), letter);
  assert.equal(letterOf({ accepted: true, reasons: [] }), 'a');
  assert.equal(recordedKinds().includes('other' satisfies Kind), true);
});
