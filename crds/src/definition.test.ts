import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'yaml';
import { customResourceDefinition, customResourceDefinitionYaml } from './definition.ts';
import { staleness } from './generated-files.ts';
import { fieldsOf, relayProxySchema, type SchemaNode } from './json-schema.ts';
import { referenceMarkdown } from './reference.ts';

const root = relayProxySchema();
const fields = [...fieldsOf(root)].filter(({ path }) => path !== 'metadata');

test('every field of spec and status says what it does, in whole sentences', () => {
  assert.ok(fields.length > 150, `only ${fields.length} fields found`);
  for (const { path, field } of fields) {
    assert.match(field.description ?? '', /^.{5,}\.$/s, `${path} has no description that ends with a full stop`);
  }
});

test('no description looks like a template to Helm', () => {
  assert.doesNotMatch(customResourceDefinitionYaml(), /\{\{/);
});

test('YAML 1.1, which Kubernetes and Helm read, says the same as the object: OFF is no boolean', () => {
  const text = customResourceDefinitionYaml();
  assert.deepEqual(parse(text, { version: '1.1', maxAliasCount: -1 }), customResourceDefinition());
  assert.deepEqual(parse(text, { version: '1.2' }), customResourceDefinition());
});

test('a default is named in the description of its field', () => {
  for (const { path, field } of fields) {
    if (field.default === undefined || typeof field.default === 'object') continue;
    const words = field.description ?? '';
    assert.ok(words.includes(`Default ${String(field.default)}`), `${path}: "${words}" does not name ${field.default}`);
  }
});

test('a number of seconds says so', () => {
  for (const { path, field } of fields) {
    if (/Seconds$/.test(path)) assert.match(field.description ?? '', /second/, path);
  }
});

test('everything has a bound, or the API server would find the rules too expensive', () => {
  const unbounded: string[] = [];
  const visit = (node: SchemaNode, path: string): void => {
    if (node.type === 'string' && !node.enum && node.format === undefined && node.maxLength === undefined) {
      unbounded.push(path);
    }
    if (node.type === 'array' && (node.maxItems === undefined || !node['x-kubernetes-list-type'])) unbounded.push(path);
    if (node.additionalProperties && node.maxProperties === undefined) unbounded.push(path);
    for (const [name, child] of Object.entries(node.properties ?? {})) visit(child, `${path}.${name}`);
    if (node.items) visit(node.items, `${path}[]`);
    if (node.additionalProperties) visit(node.additionalProperties, `${path}{}`);
  };
  for (const section of ['spec', 'status']) visit(root.properties![section]!, section);
  assert.deepEqual(unbounded, []);
});

test('the generated files are up to date', () => {
  const files = { 'relayproxies.yaml': customResourceDefinitionYaml(), 'REFERENCE.md': referenceMarkdown() };
  for (const [name, text] of Object.entries(files)) {
    const found = readFileSync(new URL(`../${name}`, import.meta.url), 'utf8');
    assert.equal(staleness(found, text), undefined, `crds/${name}: run \`npm run crds\``);
  }
});

test('the reference has a row for every field', () => {
  const text = referenceMarkdown();
  for (const { path } of fields) {
    const [section, ...rest] = path.split('.');
    if (rest.length > 0) assert.ok(text.includes(`| \`${rest.join('.')}\` |`), `${section}: ${rest.join('.')}`);
  }
});
