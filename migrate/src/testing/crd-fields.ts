import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}

interface Definition {
  readonly spec: { readonly versions: readonly { readonly schema: { readonly openAPIV3Schema: Schema } }[] };
}

const FILE = new URL(import.meta.resolve('@flagrelay/crds/relayproxies.yaml'));

/** Whether the CRD has a field: `environments[].name` is below `spec`, `metadata.name` is of every object. */
export function isField(path: string): boolean {
  return path.startsWith('metadata.') || schemaAt(path) !== undefined;
}

/** Names of the fields of an object below `spec`. */
export function fieldsOf(path: string): string[] {
  return Object.keys(schemaAt(path)?.properties ?? {});
}

function schemaAt(path: string): Schema | undefined {
  const { spec } = parse(readFileSync(FILE, 'utf8')) as Definition;
  let schema: Schema | undefined = spec.versions[0]?.schema.openAPIV3Schema.properties?.spec;
  for (const part of path.split('.')) {
    schema = schema?.properties?.[part.replace('[]', '')];
    if (part.endsWith('[]')) schema = schema?.items;
  }
  return schema;
}

/** What is at a path, of each environment where the path goes through them; undefined where nothing is. */
export function valueAt(object: unknown, path: string): unknown {
  let values: unknown[] = [object];
  for (const part of path.split('.')) {
    values = values.flatMap((value) => {
      const inner = (value as Record<string, unknown> | undefined)?.[part.replace('[]', '')];
      return part.endsWith('[]') ? ((inner as unknown[]) ?? []) : [inner];
    });
  }
  return values.find((value) => value !== undefined);
}
