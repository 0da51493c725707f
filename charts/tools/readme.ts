import type { Value } from './values-file.ts';

const begin = '<!-- values: made from values.yaml by `npm run chart` -->';
const end = '<!-- end of values -->';

/** README with the table of values between its two markers generated again. Throws when a marker is missing. */
export function withValuesTable(readme: string, values: readonly Value[]): string {
  const from = readme.indexOf(begin);
  const to = readme.indexOf(end);
  if (from < 0 || to < from) throw new Error(`README.md must have the lines ${begin} and ${end}`);
  return `${readme.slice(0, from + begin.length)}\n\n${valuesTable(values)}\n\n${readme.slice(to)}`;
}

function valuesTable(values: readonly Value[]): string {
  const rows = values.map(
    ({ path, default: value, description }) =>
      `| \`${path.join('.')}\` | \`${JSON.stringify(value)}\` | ${description.replaceAll('|', '\\|')} |`,
  );
  return ['| Value | Default | What it does |', '| --- | --- | --- |', ...rows].join('\n');
}
