import { type Counterpart, OPTIONS, type Option } from '@flagrelay/relay/config';

/** What a RelayProxy has for an option of ld-relay. */
export type OptionRow = Counterpart & {
  /** Section and key, or the variable of an option without key: `Main.streamUri`. */
  readonly option: string;
};

/** Each option that ld-relay and this relay know, but for those that the relay ignores or refuses, with the field that does the same. */
export const OPTION_ROWS: readonly OptionRow[] = OPTIONS.flatMap((option) =>
  option.becomes === undefined ? [] : [{ ...option.becomes, option: idOf(option) }],
);

const ROWS: ReadonlyMap<string, OptionRow> = new Map(OPTION_ROWS.map((row) => [row.option.toLowerCase(), row]));

/** Name of an option in the table. */
export function idOf({ section, key, env }: Pick<Option, 'section' | 'key' | 'env'>): string {
  return `${section}.${key ?? env}`;
}

/** The row of an option. That of a secret's file is the secret's; what the relay ignores or refuses has none of its own. */
export function rowOf(option: Option): OptionRow {
  const id = idOf(option);
  const row = ROWS.get(id.toLowerCase());
  if (row) return row;
  const instead = option.unused ?? option.refused;
  if (instead !== undefined) return { option: id, because: 'this relay does not have it', instead };
  const base = id.endsWith('File') ? ROWS.get(id.slice(0, -'File'.length).toLowerCase()) : undefined;
  if (base) return { ...base, option: id };
  throw new Error(`the option ${id} does not say what it becomes in a RelayProxy`);
}
