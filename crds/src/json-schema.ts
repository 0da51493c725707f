import * as z from 'zod';
import { relayProxy } from './schema/relayproxy.ts';

/** A node of the OpenAPI v3 schema in a CRD, as far as this project uses it. */
export interface SchemaNode {
  type?: string;
  description?: string;
  default?: unknown;
  format?: string;
  enum?: string[];
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  minItems?: number;
  maxItems?: number;
  maxProperties?: number;
  properties?: Record<string, SchemaNode>;
  required?: string[];
  items?: SchemaNode;
  additionalProperties?: SchemaNode;
  anyOf?: SchemaNode[];
  'x-kubernetes-int-or-string'?: boolean;
  'x-kubernetes-preserve-unknown-fields'?: boolean;
  'x-kubernetes-map-type'?: string;
  'x-kubernetes-list-type'?: string;
  'x-kubernetes-list-map-keys'?: string[];
  'x-kubernetes-validations'?: { rule: string; message: string; fieldPath?: string; reason?: string }[];
}

/** Order of keys in what is generated: what a reader looks for first comes first. */
const keyOrder: readonly (keyof SchemaNode)[] = [
  'type',
  'description',
  'default',
  'format',
  'enum',
  'minimum',
  'maximum',
  'minLength',
  'maxLength',
  'pattern',
  'minItems',
  'maxItems',
  'maxProperties',
  'required',
  'properties',
  'items',
  'additionalProperties',
  'anyOf',
  'x-kubernetes-int-or-string',
  'x-kubernetes-preserve-unknown-fields',
  'x-kubernetes-map-type',
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
  'x-kubernetes-validations',
];

/**
 * The structural schema of a RelayProxy, made from the zod schema. Throws when zod produces a key that this module
 * does not know, since the API server could refuse it or, worse, drop it.
 */
export function relayProxySchema(): SchemaNode {
  const raw = z.toJSONSchema(relayProxy, { target: 'openapi-3.0', io: 'input', reused: 'inline' }) as SchemaNode;
  const root = toStructural(raw, '');
  root.required = ['spec'];
  const described = (description: string): SchemaNode => ({ type: 'string', description });
  root.properties = {
    ...root.properties,
    apiVersion: described('Version of the schema of this object.'),
    kind: described('Kind of this object.'),
    // The API server knows what it is and allows nothing more here.
    metadata: { type: 'object' },
  };
  return root;
}

function toStructural(node: SchemaNode, path: string): SchemaNode {
  const result: SchemaNode = {};
  for (const key of keyOrder) {
    if (node[key] !== undefined) Object.assign(result, { [key]: node[key] });
  }
  for (const key of Object.keys(node)) {
    if (!(keyOrder as readonly string[]).includes(key)) throw new Error(`${path || 'root'}: unknown schema key ${key}`);
  }
  // What z.int() adds by itself does not help a reader.
  if (result.minimum === Number.MIN_SAFE_INTEGER) delete result.minimum;
  if (result.maximum === Number.MAX_SAFE_INTEGER) delete result.maximum;
  // The only form of a union that a structural schema may have.
  if (result['x-kubernetes-int-or-string']) result.anyOf = [{ type: 'integer' }, { type: 'string' }];
  if (result['x-kubernetes-preserve-unknown-fields']) {
    delete result.additionalProperties;
    if (Object.keys(result.properties ?? {}).length === 0) delete result.properties;
  }
  if (result.properties) {
    result.properties = Object.fromEntries(
      Object.entries(result.properties).map(([name, child]) => [name, toStructural(child, `${path}.${name}`)]),
    );
  }
  if (result.items) result.items = toStructural(result.items, `${path}[]`);
  if (result.additionalProperties) {
    result.additionalProperties = toStructural(result.additionalProperties, `${path}{}`);
  }
  return result;
}

/** Every named field below `node` in reading order, with its path such as `spec.environments[].name`. */
export function* fieldsOf(
  node: SchemaNode,
  prefix = '',
): Generator<{ path: string; field: SchemaNode; required: boolean }> {
  for (const [name, field] of Object.entries(node.properties ?? {})) {
    const path = prefix === '' ? name : `${prefix}.${name}`;
    yield { path, field, required: node.required?.includes(name) ?? false };
    if (field.items) yield* fieldsOf(field.items, `${path}[]`);
    else yield* fieldsOf(field, path);
  }
}
