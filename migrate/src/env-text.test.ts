import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseEnvText } from './env-text.ts';
import { MigrateError } from './variables.ts';

function values(text: string): Record<string, string | undefined> {
  return Object.fromEntries([...parseEnvText(text, 'f')].map(([name, { value }]) => [name, value]));
}

test('a .env file', () => {
  const text = [
    '# comment',
    '',
    'A=1',
    'export B = two words # comment',
    'C="three \\"words\\"\\n" # comment',
    "D='$CID # no comment'",
    'E=',
    'A=last',
    'F=a=b',
  ].join('\r\n');
  assert.deepEqual(values(text), {
    A: 'last',
    B: 'two words',
    C: 'three "words"\n',
    D: '$CID # no comment',
    E: '',
    F: 'a=b',
  });
});

test('a certificate over several lines', () => {
  assert.deepEqual(values('CA="-----BEGIN\nabc\n-----END"\nA=1'), { CA: '-----BEGIN\nabc\n-----END', A: '1' });
});

test('the environment of a process', () => {
  assert.deepEqual(values('A=1 # all of it\0B="x"\0'), { A: '1 # all of it', B: '"x"' });
});

test('names of environments may have spaces and letters of any kind', () => {
  assert.deepEqual(values('LD_ENV_Shop Production=sdk-1'), { 'LD_ENV_Shop Production': 'sdk-1' });
});

test('every line that is none of it is named', () => {
  assert.throws(
    () => parseEnvText('A=1\nwhat is this\n=x\nB="open', 'some.env'),
    (error: unknown) => {
      assert.ok(error instanceof MigrateError);
      assert.deepEqual(error.mistakes, [
        'some.env line 2: must be NAME=value or a comment',
        'some.env line 3: must be NAME=value or a comment',
        'some.env line 4: B has a quote that is not closed',
      ]);
      return true;
    },
  );
});
