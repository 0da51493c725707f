import { type Spread, spread } from '../table.ts';

/** A table in Markdown; a `|` in a cell is escaped. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [head, head.map(() => '---'), ...rows].map(line).join('\n');
}

/** A number with three digits that say something. */
export function short(value: number): string {
  const size = Math.abs(value);
  const digits = size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 || size === 0 ? 2 : 3;
  return value.toLocaleString('en-US', { maximumFractionDigits: digits });
}

/** Minimum / median / maximum. */
export function spreadText({ min, median, max }: Spread): string {
  return [min, median, max].map(short).join(' / ');
}

/** The same of figures; nothing of none. */
export function cell(values: readonly number[]): string {
  return values.length === 0 ? '' : spreadText(spread(values));
}

/** A share of 1 in per cent. */
export function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
