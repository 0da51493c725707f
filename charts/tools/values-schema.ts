import type { Value } from './values-file.ts';

interface Schema {
  [key: string]: unknown;
  properties?: Record<string, Schema>;
}

/** The JSON schema of the values, in which an unknown key is an error: a typo would else be ignored. */
export function valuesSchema(values: readonly Value[]): string {
  const root: Schema = { $schema: 'http://json-schema.org/draft-07/schema#', ...emptyObject() };
  for (const value of values) {
    const parents = value.path.slice(0, -1);
    const parent = parents.reduce<Schema>((node, key) => {
      node.properties ??= {};
      node.properties[key] ??= emptyObject();
      return node.properties[key];
    }, root);
    parent.properties ??= {};
    parent.properties[value.path.at(-1) ?? ''] = {
      description: value.description,
      ...typeSchema(value.default),
      ...value.schema,
      default: value.default,
    };
  }
  // Helm puts the globals of a chart in of which this is a part, whatever they are.
  const { global, ...others } = root.properties ?? {};
  const description = 'Values that are shared with a chart that this is a part of.';
  root.properties = { ...others, global: { type: 'object', description, properties: global?.properties ?? {} } };
  return `${JSON.stringify(root, null, 2)}\n`;
}

function emptyObject(): Schema {
  return { type: 'object', additionalProperties: false, properties: {} };
}

function typeSchema(example: unknown): Schema {
  if (Array.isArray(example)) return { type: 'array' };
  if (typeof example === 'number') return { type: 'integer' };
  return { type: example === null ? 'null' : typeof example };
}
