import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { kind, parseRelayProxy } from './index.ts';
import { fieldsOf, relayProxySchema } from './json-schema.ts';

const folder = new URL('../samples/', import.meta.url);
const invalidFolder = new URL('invalid/', folder);

/** Mistakes that only the API server finds: the parser leaves out what it does not know. */
const foundByServerOnly = new Set(['unknown-field.yaml']);

function yamlFiles(url: URL): string[] {
  return readdirSync(url).filter((name) => name.endsWith('.yaml'));
}

/** The RelayProxies in a file; other documents beside them are what they refer to. */
function relayProxiesIn(url: URL): { metadata: { name: string }; spec: unknown }[] {
  return parseAllDocuments(readFileSync(url, 'utf8'))
    .map((document) => document.toJS())
    .filter((object) => object.kind === kind);
}

/** Every `# at:` and `# expect:` pair in the head of a file; without `# at:` the mistake is about the whole object. */
function expectations(text: string): { at: string; expect: string }[] {
  const found: { at: string; expect: string }[] = [];
  let at = '';
  for (const line of text.split('\n').filter((line) => line.startsWith('# '))) {
    if (line.startsWith('# at: ')) at = line.slice('# at: '.length);
    if (!line.startsWith('# expect: ')) continue;
    found.push({ at, expect: line.slice('# expect: '.length) });
    at = '';
  }
  return found;
}

describe('samples', () => {
  for (const name of yamlFiles(folder)) {
    test(name, () => {
      const objects = relayProxiesIn(new URL(name, folder));
      assert.equal(objects.length, 1);
      assert.equal(`${objects[0]?.metadata.name}.yaml`, name);
      const result = parseRelayProxy(objects[0]);
      assert.deepEqual(result.ok ? [] : result.problems, []);
    });
  }

  test('together they set every field of the spec', () => {
    const set = new Set<string>();
    const visit = (value: unknown, path: string): void => {
      set.add(path);
      if (Array.isArray(value)) for (const item of value) visit(item, `${path}[]`);
      else if (value !== null && typeof value === 'object') {
        for (const [key, child] of Object.entries(value)) visit(child, `${path}.${key}`);
      }
    };
    for (const name of yamlFiles(folder)) {
      for (const object of relayProxiesIn(new URL(name, folder))) visit(object.spec, 'spec');
    }
    const all = [...fieldsOf(relayProxySchema().properties!.spec!, 'spec')].map(({ path }) => path);
    assert.deepEqual(
      all.filter((path) => !set.has(path)),
      [],
    );
  });
});

describe('invalid samples', () => {
  for (const name of yamlFiles(invalidFolder)) {
    test(name, () => {
      const url = new URL(name, invalidFolder);
      const expected = expectations(readFileSync(url, 'utf8'));
      assert.ok(expected.length > 0, 'no `# expect:` line');
      const result = parseRelayProxy(relayProxiesIn(url)[0]);
      if (foundByServerOnly.has(name)) return assert.ok(result.ok);
      assert.ok(!result.ok, 'accepted');
      const found = result.problems.map(({ path, message }) => `${path}: ${message}`).sort();
      assert.equal(found.length, expected.length, found.join('\n'));
      for (const { at, expect } of expected) {
        const matches = result.problems.some(({ path, message }) => path === at && message.includes(expect));
        assert.ok(matches, `"${at}: ${expect}" is not among\n${found.join('\n')}`);
      }
    });
  }
});
