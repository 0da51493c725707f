import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { type LoadResult, loadConfig } from './load.ts';
import { NAMED_SECTIONS, type Option } from './option.ts';
import { OPTIONS } from './options.ts';
import type { ValueType } from './values.ts';

const folder = mkdtempSync(join(tmpdir(), 'flagrelay-readers-'));
after(() => rmSync(folder, { recursive: true }));
const FILE = join(folder, 'ld-relay.conf');
/** A file that is there, for options that name one. */
const THERE = join(folder, 'there');
writeFileSync(THERE, 'some-secret\n');

type Env = Readonly<Record<string, string>>;

/** What each type takes, and what it does not: at the edges, and of other types. */
const SAMPLES: Readonly<Record<ValueType, readonly string[]>> = {
  text: ['some text', 'p-$CID'],
  secret: ['sdk-1', 'two words'],
  path: [THERE, '/no/such/file'],
  switch: ['true', 'FALSE', 'yes', 'No', '1', '0', 'on', 'off', 'maybe'],
  count: ['1', '1000', '+7', '9007199254740993'],
  number: ['0', '1', '64', '65', '9007199254740993'],
  port: ['1', '8030', '65535', '65536'],
  redisPort: ['6379', 'tcp://10.0.0.1:6379', 'tcp://'],
  duration: ['0', '300ms', '1h30m', '-1s', '1ns', '99ms', '100ms', '5', '1 s'],
  size: ['0B', '1B', '1023B', '1KiB', '8KiB', '16MiB', '400000001B', '9GiB', '1.5KiB'],
  url: ['http://some.test', 'https://some.test/x', 'ftp://some.test', '/relative'],
  redisUrl: ['redis://some.test', 'rediss://a:1,redis://b:2', 'http://some.test'],
  list: ['a', 'a,b', THERE, `${THERE},/no/such/file`],
  level: ['debug', 'WARN', 'none', 'loud'],
  tlsVersion: ['1.2', '1.3', '1.4'],
  logFormat: ['json', 'TEXT', 'xml'],
  redisMode: ['single', 'sentinel', 'Cluster', 'some'],
};

/** Text that an INI file holds as it is: no comment, quote or escape, no blank around it. */
const anyText = fc
  .string({ unit: fc.constantFrom(...'abzAZ019 .,:/_$@+-é'), minLength: 1, maxLength: 12 })
  .map((text) => text.trim())
  .filter((text) => text !== '');
const anyValue = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...new Set(Object.values(SAMPLES).flat())) },
  { weight: 1, arbitrary: anyText },
);
const textFor = ({ type }: Option) =>
  fc.oneof({ weight: 2, arbitrary: fc.constantFrom(...SAMPLES[type]) }, { weight: 1, arbitrary: anyValue });

/** Variables without which an option means nothing. */
const COMPANY: Readonly<Record<string, Env>> = {
  AutoConfig: { AUTO_CONFIG_KEY: 'rel-one' },
  OfflineMode: { FILE_DATA_SOURCE: '/flags.tar.gz' },
  Redis: { LD_ENV_one: 'sdk-one', LD_PREFIX_one: 'p', USE_REDIS: 'true' },
  DynamoDB: { LD_ENV_one: 'sdk-one', LD_PREFIX_one: 'p', USE_DYNAMODB: 'true', DYNAMODB_TABLE: 'flags' },
  Prometheus: { LD_ENV_one: 'sdk-one', USE_PROMETHEUS: 'true' },
  Snapshot: { LD_ENV_one: 'sdk-one', SNAPSHOT_DIRECTORY: '/snapshots' },
  Proxy: { LD_ENV_one: 'sdk-one', PROXY_URL: 'http://proxy.test' },
  Filters: { LD_ENV_one: 'sdk-one', LD_PROJ_KEY_one: 'one' },
  Main: { LD_ENV_one: 'sdk-one', TLS_CERT: THERE, TLS_KEY: THERE, TLS_ENABLED: 'true' },
};
const USUAL: Env = { LD_ENV_one: 'sdk-one' };

const isNamed = ({ section }: Option): boolean => NAMED_SECTIONS.has(section);

/** All that a run says, with the option called the same wherever it was set. */
function verdict(command: readonly string[], text: string, env: Env, origin: string): unknown {
  writeFileSync(FILE, text);
  const result: LoadResult = loadConfig([...command, '--config', FILE, '--from-env'], env);
  const plain = (said: string): string =>
    said
      .split('\n')
      .map((line) => withoutOrigin(line, origin))
      .join('\n');
  if (result.kind !== 'exit') return { config: result.config, warnings: result.warnings.map(plain) };
  return { code: result.code, stdout: result.stdout, stderr: plain(result.stderr ?? '') };
}

/** A line that is about the option, which it begins with; advice further on may name variables, too. */
function withoutOrigin(line: string, origin: string): string {
  const start = /^(?: {2})?(?:warning: )?/.exec(line)?.[0].length ?? 0;
  const isAbout = line.startsWith(origin, start);
  return isAbout ? `${line.slice(0, start)}the option${line.slice(start + origin.length)}` : line;
}

// Consul's variable is a switch and its key in the file an address; both are refused.
const BOTH = OPTIONS.filter(({ key, env, section }) => key !== undefined && env !== undefined && section !== 'Consul');

for (const option of BOTH) {
  const { section, key, env = '', type } = option;
  test(`[${section}] ${key} and ${env} are one option: the same value, warnings and mistakes`, () => {
    const variable = isNamed(option) ? `${env}one` : env;
    const { [variable]: _, ...company } = COMPANY[section] ?? USUAL;
    const head = isNamed(option) ? `[${section} "one"]` : `[${section}]`;
    fc.assert(
      fc.property(textFor(option), (value) => {
        // A port that looks like what Kubernetes injects is ignored where it can be that: in a variable.
        fc.pre(!(type === 'port' && value.startsWith('tcp://')));
        for (const command of [[], ['check-config']]) {
          const file = verdict(command, `${head}\n${key} = ${value}\n`, company, `${head} ${key} (${FILE} line 2)`);
          const variables = verdict(command, '', { ...company, [variable]: value }, variable);
          assert.deepEqual(variables, file);
        }
      }),
      { numRuns: 25 },
    );
  });
}

test('check-config accepts what a relay starts with, and refuses the rest with the same words', () => {
  const settings = fc.array(
    fc.constantFrom(...BOTH).chain((option) => fc.tuple(fc.constant(option), textFor(option))),
    { minLength: 1, maxLength: 6 },
  );
  fc.assert(
    fc.property(fc.constantFrom(USUAL, ...Object.values(COMPANY)), settings, (company, chosen) => {
      const env = Object.fromEntries(
        chosen.map(([option, value]) => [`${option.env}${isNamed(option) ? 'one' : ''}`, value]),
      );
      const run = loadConfig(['--from-env'], { ...company, ...env });
      const check = loadConfig(['check-config', '--from-env'], { ...company, ...env });
      assert.ok(check.kind === 'exit');
      if (run.kind === 'exit') assert.deepEqual(check, run);
      else assert.equal(check.code, 0, check.stderr);
    }),
    { numRuns: 500 },
  );
});
