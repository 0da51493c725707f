import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { RE2JS } from 're2js';
import { compilePattern } from './pattern.ts';

suite('patterns (contract 12.4, 14 row 33)', () => {
  test('a match anywhere is enough', () => {
    assert.equal(compilePattern('b+')!('abba'), true);
    assert.equal(compilePattern('^b+')!('abba'), false);
  });

  test('what RE2 does not know is invalid', () => {
    for (const source of ['(?=a)', '(?<!a)b', '(a)\\1', '[', 'a{1001}', '*', 'a**', '(?<name', '\\Z']) {
      assert.equal(compilePattern(source), undefined, source);
    }
  });

  test('classes and flags are those of RE2', () => {
    assert.equal(compilePattern('(?i)ALPHA')!('alpha'), true);
    assert.equal(compilePattern('\\d')!('٣'), false);
    assert.equal(compilePattern('\\s')!('\u00a0'), false);
    assert.equal(compilePattern('a.b')!('a\rb'), true);
    assert.equal(compilePattern('a.b')!('a\nb'), false);
    assert.equal(compilePattern('^.$')!('😀'), true);
    assert.equal(compilePattern('\\pL')!('é'), true);
    assert.equal(compilePattern('a$')!('a\n'), false);
  });

  test('a pattern that makes backtracking engines hang takes no time', () => {
    assert.equal(compilePattern('^(a+)+$')!(`${'a'.repeat(50_000)}b`), false);
  });

  test('literals with anchors, which skip the engine, agree with it', () => {
    const piece = fc.constantFrom('a', 'b', '\\.', '\\+', '-', '@', ' ', 'é', '\\\\', '.*');
    const source = fc
      .tuple(
        fc.constantFrom('', '^', '.*', '^.*'),
        fc.array(piece, { maxLength: 4 }),
        fc.constantFrom('', '$', '.*', '.*$'),
      )
      .map(([start, pieces, end]) => start + pieces.join('') + end);
    const text = fc.array(fc.constantFrom('a', 'b', '.', '+', '-', '@', ' ', 'é', '\\', '\n'), { maxLength: 6 });
    fc.assert(
      fc.property(source, text, (pattern, characters) => {
        const input = characters.join('');
        assert.equal(compilePattern(pattern)!(input), RE2JS.compile(pattern).matcher(input).find());
      }),
      { numRuns: 2000 },
    );
  });
});
