import { fieldsOf, relayProxySchema, type SchemaNode } from './json-schema.ts';
import { apiVersion, kind } from './schema/relayproxy.ts';

/** The field reference as Markdown: a table for the spec, its rules, and a table for the status. */
export function referenceMarkdown(): string {
  const root = relayProxySchema();
  return `${[
    '<!-- Generated from crds/src by `npm run crds`; do not edit. -->',
    `# ${kind} (${apiVersion})`,
    root.description,
    'Fields without a default and without "required" may be left out. The API server fills in defaults, so `kubectl get -o yaml` shows them.',
    '## spec',
    table(root, 'spec'),
    '## Rules',
    'The API server refuses a manifest that breaks one of these, and names all that are broken at once.',
    rules(root),
    '## status',
    table(root, 'status'),
  ].join('\n\n')}\n`;
}

function table(root: SchemaNode, section: string): string {
  const node = root.properties?.[section] ?? {};
  const rows = [...fieldsOf(node)].map(
    ({ path, field, required }) =>
      `| \`${path}\` | ${typeOf(field)} | ${required ? 'required' : defaultOf(field)} | ${escapeCell(field.description ?? '')} |`,
  );
  return ['| Field | Type | Default | Description |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

/** Type and bounds of a field, for people. */
function typeOf(field: SchemaNode): string {
  if (field.enum) return field.enum.map((value) => `\`${value}\``).join(', ');
  if (field['x-kubernetes-int-or-string']) return 'integer or string';
  if (field.items) return `list of ${plural(field.items)}, at most ${field.maxItems}`;
  if (field.additionalProperties) return `map, at most ${field.maxProperties}`;
  if (field.type === 'integer' && field.minimum !== undefined) {
    const open = field.maximum === undefined || field.maximum === 2_147_483_647;
    return open ? `integer from ${field.minimum}` : `integer, ${field.minimum} to ${field.maximum}`;
  }
  if (field.format === 'date-time') return 'time';
  if (field.maxLength !== undefined) return `string, at most ${field.maxLength}`;
  return field.type ?? '';
}

function plural(item: SchemaNode): string {
  return item.type === 'object' ? 'objects' : `${item.type}s`;
}

function defaultOf(field: SchemaNode): string {
  if (field.default === undefined) return '';
  const text = JSON.stringify(field.default);
  return text === '{}' ? '' : `\`${text.replace(/^"(.*)"$/, '$1')}\``;
}

function rules(root: SchemaNode): string {
  const rows: string[] = [];
  const visit = (node: SchemaNode, path: string): void => {
    for (const rule of node['x-kubernetes-validations'] ?? []) {
      rows.push(`| \`${path}${rule.fieldPath ?? ''}\` | ${escapeCell(rule.message)} |`);
    }
    for (const [name, child] of Object.entries(node.properties ?? {}))
      visit(child, path === '' ? name : `${path}.${name}`);
    if (node.items) visit(node.items, `${path}[]`);
  };
  visit(root, '');
  const shown = rows.map((row) => row.replace('| `` |', '| `metadata` |'));
  return ['| At | Rule |', '| --- | --- |', ...shown].join('\n');
}

function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|');
}
