import type { Surroundings } from '../convert.ts';
import type { Sources } from '../input.ts';
import type { MigrateOptions } from '../migrate.ts';
import type { Report } from '../report.ts';
import { partOf } from './helm.ts';
import { readValues, type ValuesFile } from './read-values.ts';
import { VALUE_ROWS } from './rows.ts';
import { surroundingsOf, variablesOf } from './variables.ts';

/**
 * What is to be migrated by a values file of ld-relay-helm, and what came beside it.
 * @throws {MigrateError} when the file is no YAML
 */
export function optionsFromValues(
  file: { readonly text: string; readonly name: string },
  beside: Sources,
  readFile: Surroundings['readFile'],
  report: Report,
): MigrateOptions {
  const values = readValues(file.text, file.name);
  const variables = variablesOf(values, beside.variables, report);
  const part = partOf(values, report);
  noteTemplates(values, report);
  const hint = hintOf(values, beside);
  if (hint !== undefined) report.note('todo', values.origin('relay.volume.config'), hint);
  const { namespace } = part.metadata ?? {};
  return {
    sources: { ...beside, variables },
    part,
    report,
    surroundings: surroundingsOf(values, readFile),
    originOfPart: (path) => originOf(path, values),
    ...(namespace === undefined ? {} : { namespace }),
    ...(hint === undefined ? {} : { hint }),
  };
}

/** Variables with templates are reported one by one, where they are read. */
function noteTemplates(values: ValuesFile, report: Report): void {
  for (const path of values.paths) {
    const value = values.get(path);
    if (path.startsWith('relay.environment') || typeof value !== 'string' || !/\{\{.*\}\}/s.test(value)) continue;
    report.note('todo', values.origin(path), 'is a template of Helm, which is not rendered here: put what it comes to');
  }
}

function hintOf(values: ValuesFile, { conf }: Sources): string | undefined {
  const config = values.get('relay.volume.config');
  return config === undefined || conf
    ? undefined
    : `the values name a configuration file, ${config}: give it too, by --config`;
}

/** Where the value is that a field comes from. */
function originOf(path: string, values: ValuesFile): string | undefined {
  const field = path.replace(/^spec\./, '');
  const row = VALUE_ROWS.find((candidate) => {
    const { field: wanted, take } = candidate;
    if (wanted === undefined || !take || values.get(candidate.path) === undefined) return false;
    return field === wanted || field.startsWith(`${wanted}.`) || field.startsWith(`${wanted}[`);
  });
  return row === undefined ? undefined : values.origin(row.path);
}
