import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseIni } from './ini.ts';

const entries = (text: string): string[] =>
  parseIni(text).entries.map(
    ({ section, subsection, key, value }) => `${section}/${subsection}/${key}=${value ?? '<bare>'}`,
  );

test('sections, subsections, comments and bare keys', () => {
  const text = `
# comment
; comment
[Main] ; comment
port = 8030 # comment
tlsEnabled
[Environment "My Env"]
sdkKey=sdk-1
`;
  assert.deepEqual(entries(text), ['Main//port=8030', 'Main//tlsEnabled=<bare>', 'Environment/My Env/sdkKey=sdk-1']);
});

test('quotes keep comment signs and spaces; escapes are resolved', () => {
  assert.deepEqual(entries('[a]\nk = "x # y; z " tail ; gone\nl = "a\\"b\\\\c\\n"\nm = a "b" c\nn =\n'), [
    'a//k=x # y; z  tail',
    'a//l=a"b\\c\n',
    'a//m=a b c',
    'a//n=',
  ]);
});

test('a backslash at the end continues a line', () => {
  assert.deepEqual(entries('[a]\nk = one,\\\ntwo\nl = 1\n'), ['a//k=one,two', 'a//l=1']);
});

test('a subsection name may hold escaped quotes; Windows line ends and a byte order mark are no trouble', () => {
  assert.deepEqual(entries('\uFEFF[Environment "a\\"b"]\r\nsdkKey = x\r\n'), ['Environment/a"b/sdkKey=x']);
});

test('every mistake is told with its line', () => {
  const { mistakes } = parseIni('k = early\n[Main\n[Main]\n= 3\nport = "open\nx = \\q\n');
  assert.deepEqual(
    mistakes.map(({ line }) => line),
    [1, 2, 4, 5, 6],
  );
});

test('fuzz: any text is read without throwing', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('[', ']', '"', '\\', '=', '\n', 'a', ' ', '#', 'Main')), (parts) => {
      parseIni(parts.join(''));
    }),
    { numRuns: 3000 },
  );
});
