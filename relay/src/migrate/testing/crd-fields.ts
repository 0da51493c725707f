import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}

interface Definition {
  readonly spec: { readonly versions: readonly { readonly schema: { readonly openAPIV3Schema: Schema } }[] };
}

const FILE = new URL('../../../../crds/relayproxies.yaml', import.meta.url);

/** Whether the CRD has a field: `environments[].name` is below `spec`, `metadata.name` is of every object. */
export function isField(path: string): boolean {
  if (path.startsWith('metadata.')) return true;
  const { spec } = parse(readFileSync(FILE, 'utf8')) as Definition;
  let schema: Schema | undefined = spec.versions[0]?.schema.openAPIV3Schema.properties?.spec;
  for (const part of path.split('.')) {
    schema = schema?.properties?.[part.replace('[]', '')];
    if (part.endsWith('[]')) schema = schema?.items;
  }
  return schema !== undefined;
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
