import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';

// What CONTRIBUTING.md says of a new option, done in a copy: its row and its place in the document are all that there is to write.

const ROOT = resolve(import.meta.dirname, '../..');
const copy = mkdtempSync(join(tmpdir(), 'flagrelay-one-row-'));
after(() => rmSync(copy, { recursive: true }));

const ROW = `  maxThrowAway: member('count', {
    env: 'MAX_THROW_AWAY',
    default: '7',
    most: 1000,
    text: 'Something that is thrown away.',
    own: true,
    becomes: { because: 'nobody needs it', instead: 'nothing', same: 7 },
  }),
`;

/** Copies sources with the packages beside them: those of other projects are the same, ours are those of the copy. */
function copySources(): void {
  for (const folder of ['relay/src', 'relay/tools', 'relay/docs', 'migrate/src', 'migrate/tools', 'charts/flagrelay']) {
    cpSync(join(ROOT, folder), join(copy, folder), { recursive: true });
  }
  for (const name of ['relay', 'migrate']) cpSync(join(ROOT, name, 'package.json'), join(copy, name, 'package.json'));
  mkdirSync(join(copy, 'node_modules/@flagrelay'), { recursive: true });
  for (const name of readdirSync(join(ROOT, 'node_modules'))) {
    if (name !== '@flagrelay') symlinkSync(join(ROOT, 'node_modules', name), join(copy, 'node_modules', name));
  }
  for (const name of ['relay', 'migrate']) symlinkSync(join(copy, name), join(copy, 'node_modules/@flagrelay', name));
  symlinkSync(join(ROOT, 'crds'), join(copy, 'node_modules/@flagrelay/crds'));
}

/** Puts text after a line that is there. */
function insert(file: string, line: string, text: string): void {
  const path = join(copy, file);
  const before = readFileSync(path, 'utf8');
  assert.ok(before.includes(line), `${file} has no line ${line}`);
  writeFileSync(
    path,
    before.replace(line, () => `${line}${text}`),
  );
}

function flagrelay(args: readonly string[], env: Readonly<Record<string, string>>): string {
  const options = { env: { LD_ENV_one: 'sdk-one', ...env }, encoding: 'utf8', timeout: 60_000, stdio: 'pipe' } as const;
  return execFileSync(process.execPath, [join(copy, 'relay/src/main.ts'), ...args], options);
}

function valueIn(printed: string): unknown {
  return (JSON.parse(printed) as { server: { throwAway: unknown } }).server.throwAway;
}

describe('a new option is a row and its place in the document', () => {
  before(() => {
    copySources();
    insert('relay/src/config/options-limits.ts', "export const HTTP_LIMITS = section('HTTP', {\n", ROW);
    insert(
      'relay/src/config/document.ts',
      '  contextMemoryBytes: HTTP_LIMITS.contextMemory.schema,\n',
      '  throwAway: HTTP_LIMITS.maxThrowAway.schema,\n',
    );
  });

  test('the variable, the key of the file, the member of the document and the default', () => {
    const conf = join(copy, 'ld-relay.conf');
    writeFileSync(conf, '[HTTP]\nmaxThrowAway = 8\n');
    const document = join(copy, 'relay.json');
    writeFileSync(document, JSON.stringify({ environments: [{ name: 'a', sdkKey: 'b' }], server: { throwAway: 9 } }));
    assert.deepEqual(
      [
        flagrelay(['check-config', '--from-env'], { MAX_THROW_AWAY: '10' }),
        flagrelay(['check-config', '--config', conf, '--from-env'], {}),
        flagrelay(['check-config', '--config', document], {}),
        flagrelay(['check-config', '--from-env'], {}),
      ].map(valueIn),
      [10, 8, 9, 7],
    );
  });

  test('what it does not take', () => {
    for (const [value, said] of [
      ['0', /MAX_THROW_AWAY: "0" is not allowed; it must be a whole number above 0/],
      ['1001', /server\.throwAway: Too big/],
    ] as const) {
      assert.throws(() => flagrelay(['check-config', '--from-env'], { MAX_THROW_AWAY: value }), said);
    }
  });

  test('what becomes of it in a RelayProxy', () => {
    const env = { LD_ENV_one: 'sdk-one', MAX_THROW_AWAY: '8' };
    const { stderr } = spawnSync(process.execPath, [join(copy, 'relay/src/main.ts'), 'migrate', '--from-env'], {
      env,
      encoding: 'utf8',
      timeout: 60_000,
    });
    assert.match(stderr, /MAX_THROW_AWAY.*nobody needs it/s);
  });

  test('both generated pages', () => {
    execFileSync(process.execPath, [join(copy, 'relay/tools/docs.ts')], { timeout: 60_000 });
    const page = (file: string): string => readFileSync(join(copy, file), 'utf8');
    assert.match(
      page('relay/docs/configuration.md'),
      /^\| `maxThrowAway` \| `MAX_THROW_AWAY` \| count \| 7 \| Something that is thrown away\. \* \|$/m,
    );
    assert.match(
      page('charts/flagrelay/MIGRATING.md'),
      /^\| `\[HTTP\] maxThrowAway` \* \| `MAX_THROW_AWAY` \| none: nobody needs it\. Instead: nothing \|$/m,
    );
  });
});
