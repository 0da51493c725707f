import type { Section } from '@flagrelay/relay/config';
import type { Input } from './input.ts';
import { OPTION_ROWS } from './option-rows.ts';
import type { Report } from './report.ts';

/** Tells of every option that was set, and has no field. */
export function lostOptions({ settings, config, given }: Input, report: Report): void {
  for (const { section, key, name, value } of settings.all()) {
    if (isOfOtherMode(section, config)) continue;
    const id = `${section}.${key}`.toLowerCase();
    const row = OPTION_ROWS.find(({ option }) => option.toLowerCase() === id || `${option}File`.toLowerCase() === id);
    if (row?.because === undefined || row.same === value) continue;
    const needless = row.instead?.startsWith('nothing') === true;
    const text = `has no counterpart: ${row.because}. Instead: ${row.instead}`;
    report.note(needless ? 'needless' : 'lost', given(section, key, name) ?? row.option, text);
  }
}

/** AutoConfig and the archive share variables: each of these sets an option of both. */
function isOfOtherMode(section: Section, { autoConfig, offline }: Input['config']): boolean {
  return (section === 'AutoConfig' && autoConfig === undefined) || (section === 'OfflineMode' && offline === undefined);
}
