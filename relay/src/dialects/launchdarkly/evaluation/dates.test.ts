import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { compareMoments, toClauseMoment, toMoment } from './dates.ts';

suite('dates (contract 12.4, 14 row 34)', () => {
  const start = Date.UTC(2020, 0, 1);
  const valid: [text: string, ms: number, ns?: number][] = [
    ['2020-01-01T00:00:00Z', start],
    ['2020-01-01t00:00:00z', start],
    ['2020-01-01T02:00:00+02:00', start],
    ['2019-12-31T23:29:59.5-00:30', start - 500],
    ['2020-01-01T00:00:00.123456789Z', start + 123, 456_789],
    ['2020-01-01T0:00:00Z', start],
    ['2020-01-01T00:00:60Z', start + 60_000],
    ['2020-02-31T00:00:00Z', Date.UTC(2020, 2, 2)],
    ['0000-01-01T00:00:00Z', -62_167_219_200_000],
    ['9999-12-31T23:59:59Z', Date.UTC(9999, 11, 31, 23, 59, 59)],
    ['2020-01-01T00:00:00+99:59', start - (99 * 60 + 59) * 60_000],
    ['2020-01-01T00:00:00Z and more', start],
  ];
  for (const [text, ms, ns = 0] of valid) {
    test(`${text} is a date`, () => assert.deepEqual(toMoment(text), { ms, ns }));
  }

  const invalid = [
    '2020-01-01',
    '2020-01-01T00:00:00',
    '2020-01-01 00:00:00Z',
    '2020-1-01T00:00:00Z',
    '2020-13-01T00:00:00Z',
    '2020-00-01T00:00:00Z',
    '2020-01-32T00:00:00Z',
    '2020-01-01T24:00:00Z',
    '2020-01-01T00:60:00Z',
    '2020-01-01T00:00:61Z',
    '2020-01-01T00:00:00.Z',
    '2020-01-01T00:00:00.1234567890Z',
    '2020-01-01T00:00:00+0100',
    '2020-01-01T00:00:00+01:60',
    '2020-01-01T00:00:00+01:00x',
    '20-01-01T00:00:00Z',
    ' 2020-01-01T00:00:00Z',
    '1577836800000',
    '',
  ];
  for (const text of invalid) test(`${JSON.stringify(text)} is no date`, () => assert.equal(toMoment(text), undefined));

  test('any date of these centuries agrees with the calendar of JavaScript', () => {
    fc.assert(
      fc.property(fc.date({ min: new Date(0), max: new Date('2999-12-31T23:59:59Z'), noInvalidDate: true }), (date) => {
        assert.deepEqual(toMoment(date.toISOString()), { ms: date.getTime(), ns: 0 });
      }),
    );
  });

  test('numbers are milliseconds, fractions cut off', () => {
    assert.deepEqual(toMoment(1.9), { ms: 1, ns: 0 });
    assert.deepEqual(toMoment(-1), { ms: -1, ns: 0 });
  });

  test('numbers beyond 64 bits of nanoseconds wrap around as in ld-relay', () => {
    assert.deepEqual(toMoment(1e300), { ms: 0, ns: 0 });
    assert.deepEqual(toMoment(9_223_372_036_855), { ms: -9_223_372_036_855, ns: 448_384 });
  });

  test('other types are no dates', () => {
    for (const value of [true, null, undefined, {}, []]) assert.equal(toMoment(value), undefined);
  });

  test('the first moment of the year 1 counts in a context, not in a clause', () => {
    assert.notEqual(toMoment('0001-01-01T00:00:00Z'), undefined);
    assert.equal(toClauseMoment('0001-01-01T00:00:00Z'), undefined);
  });

  test('nanoseconds decide between equal milliseconds', () => {
    const [a, b] = ['2020-01-01T00:00:00.000000001Z', '2020-01-01T00:00:00.000000002Z'].map((text) => toMoment(text)!);
    assert.ok(compareMoments(a!, b!) < 0);
    assert.equal(compareMoments(a!, a!), 0);
  });
});
