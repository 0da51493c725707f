import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { compareVersions, toVersion } from './semver.ts';

function order(a: string, b: string): number {
  return compareVersions(toVersion(a)!, toVersion(b)!);
}

suite('semantic versions (contract 12.4, 14 row 34)', () => {
  for (const text of ['2', '2.0', '2.0.0', '2-rc', '2.0+b', '1.0.0-0a', '1.0.0--', '0.0.0', '1.0.0-a.b.c+d.e']) {
    test(`${text} is a version`, () => assert.notEqual(toVersion(text), undefined));
  }

  for (const value of [
    'v2',
    '=2',
    '01.0.0',
    '1.00',
    '1.0.0-01',
    '1.0.0-',
    '1.0.0-a..b',
    '1.0.0+',
    '1..0',
    '1.0.0.0',
    '',
    ' 1',
    '1.0.0-é',
    '1.',
    2,
    null,
  ]) {
    test(`${JSON.stringify(value)} is no version`, () => assert.equal(toVersion(value), undefined));
  }

  test('precedence is that of semver.org', () => {
    const ascending = [
      '0.9.9',
      '1.0.0-1',
      '1.0.0-alpha',
      '1.0.0-alpha.1',
      '1.0.0-alpha.beta',
      '1.0.0-beta',
      '1.0.0-beta.2',
      '1.0.0-beta.11',
      '1.0.0-rc.1',
      '1.0.0',
      '1.0.1',
      '1.2',
      '2',
      '10.0.0',
    ];
    for (let i = 0; i < ascending.length; i++) {
      for (let j = 0; j < ascending.length; j++) assert.equal(order(ascending[i]!, ascending[j]!), Math.sign(i - j));
    }
  });

  test('missing parts are 0 and build metadata does not count', () => {
    assert.equal(order('2', '2.0.0'), 0);
    assert.equal(order('2.0.0+a', '2.0.0+b'), 0);
  });

  test('numbers beyond 64 bits wrap around as in ld-relay', () => {
    assert.ok(order('18446744073709551617.0.0', '2.0.0') < 0);
    assert.ok(order('1152921504606846976.0.0', '1152921504606846975.0.0') > 0);
  });

  test('a number of any length is what is left of it in 64 bits', () => {
    const digits = fc.stringMatching(/^[1-9][0-9]{15,200}$/);
    fc.assert(
      fc.property(digits, (text) => {
        const wrapped = BigInt.asIntN(64, BigInt(text));
        assert.equal(toVersion(text)!.major, wrapped);
        assert.deepEqual(toVersion(`1.0.0-${text}`)!.prerelease, [wrapped]);
      }),
    );
  });

  test('any three numbers compare as numbers', () => {
    const number = fc.integer({ min: 0, max: 1_000_000 });
    fc.assert(
      fc.property(fc.tuple(number, number, number), fc.tuple(number, number, number), (a, b) => {
        const expected = a.map((value, index) => Math.sign(value - b[index]!)).find((sign) => sign !== 0) ?? 0;
        assert.equal(order(a.join('.'), b.join('.')), expected);
      }),
    );
  });
});
