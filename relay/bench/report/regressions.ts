import { type Row, ratios, spread } from '../table.ts';

/** What a short run's row came to. */
export interface Check {
  readonly name: string;
  readonly outcome: 'holds' | 'fell' | 'not compared';
  /** The ratios, or why nothing was compared. */
  readonly text: string;
}

/**
 * Compares the rows of a short run with those recorded. A row fell when its best ratio is twice as bad as the recorded median: other work on the
 * machine makes some rounds worse, a mistake all of them. Times and rates are not compared, for one who shares the machine moves them by more than that.
 */
export function check(rows: readonly Row[], recorded: readonly Row[]): Check[] {
  const before = new Map(recorded.map((row) => [row.name, row]));
  return rows
    .filter(({ measures }) => measures === 'cpu' || measures === 'memory')
    .filter(({ baseline }) => baseline.length > 0)
    .map((row): Check => {
      const { name } = row;
      const old = before.get(name);
      if (old === undefined || old.baseline.length === 0) {
        return { name, outcome: 'not compared', text: 'there is no recorded ratio' };
      }
      const was = spread(ratios(old)).median;
      const { min, max } = spread(ratios(row));
      const fell = row.better === 'higher' ? max < was / 2 : min > was * 2;
      const now = `${min.toPrecision(3)} to ${max.toPrecision(3)}`;
      return { name, outcome: fell ? 'fell' : 'holds', text: `ratio ${now}, recorded ${was.toPrecision(3)}` };
    });
}

/** Rows with the rounds of a second measurement behind those of the first. */
export function joined(first: readonly Row[], second: readonly Row[]): Row[] {
  const later = new Map(second.map((row) => [row.name, row]));
  return first.map((row) => ({
    ...row,
    relay: [...row.relay, ...(later.get(row.name)?.relay ?? [])],
    baseline: [...row.baseline, ...(later.get(row.name)?.baseline ?? [])],
  }));
}

/**
 * Measures, checks, and where a row fell measures once more before it is believed: the best of all rounds counts.
 */
export async function checkTwice(measure: () => Promise<readonly Row[]>, recorded: readonly Row[]): Promise<Check[]> {
  const first = await measure();
  const found = check(first, recorded);
  if (found.every(({ outcome }) => outcome !== 'fell')) return found;
  return check(joined(first, await measure()), recorded);
}

/** What the checks come to, its last line in the form that CI adds up. `others` are checks beside these that have passed. */
export function checkReport(
  checks: readonly Check[],
  others: number,
): { readonly text: string; readonly failed: number } {
  const count = (outcome: Check['outcome']) => checks.filter((one) => one.outcome === outcome).length;
  const word = { holds: 'holds', fell: 'FELL TO HALF', 'not compared': 'not compared' };
  const lines = checks.map(({ name, outcome, text }) => `${word[outcome].padEnd(12)}  ${name}: ${text}`);
  const skipped = count('not compared');
  const closing = `${count('holds') + others} passed, ${count('fell')} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
  return { text: [...lines, closing].join('\n'), failed: count('fell') };
}
