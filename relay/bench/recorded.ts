import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Row, ratios, spread } from './table.ts';

const FILE = join(import.meta.dirname, 'recorded.json');

/** Keeps the median ratios of a full run, for {@link regressions} of later short ones. */
export function record(rows: readonly Row[]): void {
  const medians = rows.flatMap((row) => {
    const compared = ratios(row);
    return compared.length === 0 ? [] : [[row.name, Number(spread(compared).median.toPrecision(3))] as const];
  });
  writeFileSync(FILE, `${JSON.stringify(Object.fromEntries(medians), undefined, 2)}\n`);
}

/** One line for each ratio that fell to half of the recorded one. The best round counts: other work on the machine only makes it worse. */
export function regressions(rows: readonly Row[]): string[] {
  if (!existsSync(FILE)) return [];
  const recorded = new Map(Object.entries(JSON.parse(readFileSync(FILE, 'utf8')) as Record<string, number>));
  return rows.flatMap((row) => {
    const was = recorded.get(row.name);
    const compared = ratios(row);
    if (was === undefined || compared.length === 0) return [];
    const { min, max } = spread(compared);
    const fell = row.better === 'higher' ? max < was / 2 : min > was * 2;
    return fell ? [`${row.name}: the ratio was ${was}, now ${min.toPrecision(3)} to ${max.toPrecision(3)}`] : [];
  });
}
