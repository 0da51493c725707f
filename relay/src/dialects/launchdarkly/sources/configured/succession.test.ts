import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import fc from 'fast-check';
import { type EnvironmentConfig, relayDocument } from '../../../../config/document.ts';
import { definitionsFor } from './definition.ts';
import { type RunningEnvironment, type Succession, succeed } from './succession.ts';

const directory = mkdtempSync(join(tmpdir(), 'flagrelay-succession-'));
after(() => rmSync(directory, { recursive: true }));

const file = (name: string): string => join(directory, name);
const put = (name: string, text: string): void => writeFileSync(file(name), `${text}\n`);
const take = (name: string): void => rmSync(file(name), { force: true });

type Written = Omit<Partial<EnvironmentConfig>, 'name'>;

function environments(written: Record<string, Written>): EnvironmentConfig[] {
  return relayDocument.parse({ environments: Object.entries(written).map(([name, rest]) => ({ name, ...rest })) })
    .environments;
}

/** What runs in turn as one document follows the other. */
function series() {
  let running: readonly RunningEnvironment[] = [];
  let now = 0;
  return (written: Record<string, Written>, hasStore = false): Succession => {
    now += 1000;
    const next = succeed(running, environments(written), { now, hasStore });
    running = next.environments;
    return next;
  };
}

/** `id=name:key` of each environment, with `?` for a key that is not known and `(waits)` for one that the document does not name. */
function shown({ environments: list }: Succession): string[] {
  return list.map(
    ({ id, config, sdkKey, waitsFor }) =>
      `${id}=${config.name}:${sdkKey.value ?? '?'}${waitsFor.length > 0 ? `(${waitsFor})` : ''}`,
  );
}

describe('a key whose file is gone', () => {
  test('stays in force, with the reason and since when, until another key is in the file', () => {
    const next = series();
    const written = { a: { sdkKeyFile: file('gone'), envId: 'e' } };
    put('gone', 'k1');
    assert.deepEqual(next(written).environments[0]?.sdkKey, { value: 'k1' });
    take('gone');
    const problem = `${file('gone')} is missing or empty`;
    assert.deepEqual(next(written).environments[0]?.sdkKey, { value: 'k1', problem, missingSince: 2000 });
    const later = next(written);
    assert.deepEqual(later.environments[0]?.sdkKey, { value: 'k1', problem, missingSince: 2000 });
    const [definition] = definitionsFor(later.environments, {});
    assert.equal(definition?.sdkKey, 'k1');
    assert.equal(definition?.credentialProblem, `SDK key: ${problem}; the last one stays in force`);
    assert.equal(definition?.credentialMissingSince, 2000);
    assert.equal(definition?.awaited, undefined);
    put('gone', '');
    assert.equal(next(written).environments[0]?.sdkKey.value, 'k1', 'an empty file is as good as none');
    put('gone', 'k2');
    assert.deepEqual(next(written).environments[0]?.sdkKey, { value: 'k2' });
  });

  test('is not known where none was ever read, and that is said', () => {
    take('never');
    const first = series()({ a: { sdkKeyFile: file('never'), mobileKeyFile: file('never-mobile') } });
    const [definition] = definitionsFor(first.environments, {});
    assert.deepEqual(definition?.awaited, ['sdk', 'mobile']);
    assert.equal(definition?.sdkKey, undefined);
  });

  test('counts for the path too: a document may name another file that is not there yet', () => {
    const next = series();
    put('old-path', 'k1');
    next({ a: { sdkKeyFile: file('old-path') } });
    take('new-path');
    assert.deepEqual(shown(next({ a: { sdkKeyFile: file('new-path') } })), ['a=a:k1']);
  });

  test('a mobile key that is gone stays; a document without it ends it', () => {
    const next = series();
    put('mobile', 'm1');
    next({ a: { sdkKey: 'k', mobileKeyFile: file('mobile') } });
    take('mobile');
    assert.equal(next({ a: { sdkKey: 'k', mobileKeyFile: file('mobile') } }).environments[0]?.mobileKey.value, 'm1');
    assert.deepEqual(next({ a: { sdkKey: 'k' } }).environments[0]?.mobileKey, {});
  });

  test('the key before a rotation ends when it is taken out alone, and not when both are gone', () => {
    const next = series();
    const written = { a: { sdkKeyFile: file('now'), sdkKeyPreviousFile: file('before') } };
    put('now', 'k2');
    put('before', 'k1');
    next(written);
    take('now');
    take('before');
    assert.equal(next(written).environments[0]?.previous, 'k1');
    put('now', 'k2');
    assert.equal(next(written).environments[0]?.previous, undefined);
    put('before', 'k1');
    assert.equal(next(written).environments[0]?.previous, 'k1');
    assert.equal(next({ a: { sdkKeyFile: file('now') } }).environments[0]?.previous, undefined);
  });

  test('the key before a rotation is not known where its file was never there, and that is said since when', () => {
    const next = series();
    const awaited = (written: Record<string, Written>) =>
      definitionsFor(next(written).environments, {})[0]?.awaitedPrevious;
    const [before, other] = [file('never-before'), file('never-other')];
    for (const path of [before, other]) rmSync(path, { force: true });
    const written = { a: { sdkKey: 'k2', sdkKeyPreviousFile: before } };
    assert.deepEqual(awaited(written), { scope: 'sdk', file: before, since: 1000 });
    assert.deepEqual(awaited(written), { scope: 'sdk', file: before, since: 1000 });
    put('never-before', 'k1');
    assert.equal(awaited(written), undefined);
    take('never-before');
    assert.equal(awaited(written), undefined, 'it was there: it has ended');
    assert.deepEqual(awaited({ a: { sdkKey: 'k2', sdkKeyPreviousFile: other } }), {
      scope: 'sdk',
      file: other,
      since: 5000,
    });
    assert.equal(awaited({ a: { sdkKey: 'k2' } }), undefined);
  });

  test('a document that names another file, which is not there, does not end the key before a rotation', () => {
    const next = series();
    put('before', 'k1');
    next({ a: { sdkKey: 'k2', sdkKeyPreviousFile: file('before') } });
    const typo = { a: { sdkKey: 'k2', sdkKeyPreviousFile: file('typo') } };
    for (const _ of [1, 2]) assert.equal(next(typo).environments[0]?.previous, 'k1');
  });
});

describe('which running environment a wanted one continues', () => {
  const next = (before: Record<string, Written>, wanted: Record<string, Written>): string[] => {
    const step = series();
    step(before);
    return shown(step(wanted));
  };

  test('renamed with the same key: the same environment', () => {
    assert.deepEqual(next({ a: { sdkKey: 'k' } }, { b: { sdkKey: 'k' } }), ['a=b:k']);
  });

  test('two that change names: each keeps its key, and with it its streams', () => {
    assert.deepEqual(next({ a: { sdkKey: 'k1' }, b: { sdkKey: 'k2' } }, { a: { sdkKey: 'k2' }, b: { sdkKey: 'k1' } }), [
      'b=a:k2',
      'a=b:k1',
    ]);
  });

  test('a rotated key with grace: the same name, whoever has the old key by mistake', () => {
    assert.deepEqual(
      next({ a: { sdkKey: 'k1' } }, { x: { sdkKey: 'k1' }, a: { sdkKey: 'k2', sdkKeyPrevious: 'k1' } }),
      ['x=x:k1', 'a=a:k2'],
    );
  });

  test('a new environment under the name of one that was renamed has an id of its own', () => {
    assert.deepEqual(next({ a: { sdkKey: 'k1' } }, { a: { sdkKey: 'k2' }, b: { sdkKey: 'k1' } }), [
      'a~2=a:k2',
      'a=b:k1',
    ]);
  });

  test('renamed while the key cannot be read: known by the client-side ID', () => {
    take('unmounted');
    assert.deepEqual(next({ a: { sdkKey: 'k', envId: 'e' } }, { b: { sdkKeyFile: file('unmounted'), envId: 'e' } }), [
      'a=b:k',
    ]);
  });

  test('another filter is other data: not the same one under another name', () => {
    assert.deepEqual(next({ a: { sdkKey: 'k' } }, { b: { sdkKey: 'k', filterKey: 'f' } }), ['b=b:k']);
  });
});

describe('an environment that the document does not name any more', () => {
  test('ends at once where everything else is known', () => {
    const next = series();
    next({ a: { sdkKey: 'k1' }, b: { sdkKey: 'k2' } });
    assert.deepEqual(shown(next({ b: { sdkKey: 'k2' } })), ['b=b:k2']);
  });

  test('goes on while a new one waits for its key, and is that one if the key is the same', () => {
    const next = series();
    const wanted = { b: { sdkKeyFile: file('late') } };
    take('late');
    next({ a: { sdkKey: 'k1' } });
    assert.deepEqual(shown(next(wanted)), ['b=b:?', 'a=a:k1(b)']);
    assert.deepEqual(shown(next(wanted)), ['b=b:?', 'a=a:k1(b)']);
    put('late', 'k1');
    assert.deepEqual(shown(next(wanted)), ['a=b:k1']);
  });

  test('ends when the new one turns out to be another', () => {
    const next = series();
    const wanted = { b: { sdkKeyFile: file('other') } };
    take('other');
    next({ a: { sdkKey: 'k1' } });
    next(wanted);
    put('other', 'k2');
    assert.deepEqual(shown(next(wanted)), ['b=b:k2']);
  });

  test('comes back as it was when the document names it again', () => {
    const next = series();
    take('typo');
    next({ a: { sdkKey: 'k1' } });
    next({ typo: { sdkKeyFile: file('typo') } });
    assert.deepEqual(shown(next({ a: { sdkKey: 'k1' } })), ['a=a:k1']);
  });

  test('goes on when the new one is renamed once more before its key is there', () => {
    const next = series();
    take('x');
    take('y');
    next({ a: { sdkKey: 'k1' } });
    next({ x: { sdkKeyFile: file('x') } });
    assert.deepEqual(shown(next({ y: { sdkKeyFile: file('y') } })), ['y=y:?', 'a=a:k1(y)']);
    put('y', 'k1');
    assert.deepEqual(shown(next({ y: { sdkKeyFile: file('y') } })), ['a=y:k1']);
  });

  test('ends although another has been waiting for its key all along', () => {
    const next = series();
    take('always');
    next({ a: { sdkKey: 'k1' }, c: { sdkKeyFile: file('always') } });
    assert.deepEqual(shown(next({ c: { sdkKeyFile: file('always') } })), ['c=c:?']);
  });
});

describe('the store prefix', () => {
  test('stays what it was, and the field that waits is named; without a store it is nobody’s business', () => {
    const next = series();
    next({ a: { sdkKey: 'k', prefix: 'one' } }, true);
    const changed = next({ a: { sdkKey: 'k', prefix: 'two' } }, true);
    assert.deepEqual(changed.held, ['environments "a" prefix']);
    assert.equal(changed.environments[0]?.config.prefix, 'one');
    assert.deepEqual(next({ a: { sdkKey: 'k', prefix: 'one' } }, true).held, []);
    const without = series();
    without({ a: { sdkKey: 'k', prefix: 'one' } });
    const moved = without({ a: { sdkKey: 'k', prefix: 'two' } });
    assert.deepEqual([moved.held, moved.environments[0]?.config.prefix], [[], 'two']);
  });

  test('a new environment cannot have the prefix that another one still has', () => {
    const next = series();
    next({ a: { sdkKey: 'k1', prefix: 'one' } }, true);
    const { conflict } = next({ a: { sdkKey: 'k1', prefix: 'two' }, b: { sdkKey: 'k2', prefix: 'one' } }, true);
    assert.match(conflict ?? '', /"a" and "b" would share the store prefix "one" until a restart/);
  });

  test('one that the document does not name gives way to a new one with its prefix', () => {
    const next = series();
    take('unknown');
    next({ a: { sdkKey: 'k1', prefix: 'one' } }, true);
    const wanted = { b: { sdkKey: 'k2', prefix: 'one' }, c: { sdkKeyFile: file('unknown'), prefix: 'c' } };
    assert.deepEqual(shown(next(wanted, true)), ['b=b:k2', 'c=c:?']);
  });
});

test('whatever documents and files come: ids and names are unique, and no key ends because its file is gone', () => {
  const name = fc.constantFrom('a', 'b', 'c');
  const key = fc.constantFrom('k1', 'k2', 'k3', undefined);
  const step = fc.uniqueArray(fc.record({ name, key }), { selector: (one) => one.name, minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 6 }), (steps) => {
      const next = series();
      let served = new Map<string, string>();
      for (const wanted of steps) {
        for (const one of wanted) {
          if (one.key === undefined) take(`p-${one.name}`);
          else put(`p-${one.name}`, one.key);
        }
        const written = Object.fromEntries(wanted.map((one) => [one.name, { sdkKeyFile: file(`p-${one.name}`) }]));
        const { environments: list } = next(written);
        assert.equal(new Set(list.map(({ id }) => id)).size, list.length);
        assert.equal(new Set(list.map(({ config }) => config.name)).size, list.length);
        // An environment that is named, and whose file is gone, has the key that it had, or has become another's.
        for (const one of wanted.filter((w) => w.key === undefined)) {
          const before = served.get(one.name);
          const keys = list.map(({ sdkKey }) => sdkKey.value);
          if (before !== undefined) assert.ok(keys.includes(before), `${one.name} lost ${before}`);
        }
        served = new Map(
          list.flatMap(({ config, sdkKey, waitsFor }) =>
            sdkKey.value === undefined || waitsFor.length > 0 ? [] : [[config.name, sdkKey.value]],
          ),
        );
      }
    }),
    { numRuns: 500 },
  );
});
