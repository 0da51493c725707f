import type { Section } from '@flagrelay/relay/config';
import type { Input } from './input.ts';
import { OPTION_ROWS } from './option-rows.ts';

/** Where the option was set that a field of the RelayProxy comes from: `spec.environments[0].name`. */
export function originOfField(path: string, { config, given }: Input): string | undefined {
  const [, index] = /^spec\.environments\[(\d+)\]/.exec(path) ?? [];
  const environment = index === undefined ? undefined : config.environments[Number(index)]?.name;
  const field = path.replace(/^spec\./, '').replace(/\[\d+\]/g, '[]');
  for (const row of OPTION_ROWS) {
    if (
      row.field === undefined ||
      !(field === row.field || field.startsWith(`${row.field}.`) || field.startsWith(`${row.field}[`))
    )
      continue;
    const [section = '', key = ''] = row.option.split('.');
    const origin = given(section as Section, key, environment ?? '');
    if (origin !== undefined) return origin;
  }
  return environment === undefined ? undefined : `environment "${environment}"`;
}
