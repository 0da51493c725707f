import { short } from './markdown.ts';

/** What is to be reached: a value, a ratio to what it is compared with, or both. */
export interface Goal {
  /** Key of what it is about. */
  readonly of: string;
  /** In the unit of the row. */
  readonly value?: number;
  /** Of the relay's figure to the one it is compared with. */
  readonly ratio?: number;
  /** What the ratio comes from, for people. */
  readonly from?: string;
}

/** A goal and what became of it, as two cells. */
export interface Verdict {
  readonly goal: string;
  readonly reached: string;
}

/**
 * Judges medians. A goal given as a value and as a ratio is judged by both: the ratio is fair where the machine is another one than that of the
 * goal, and moved by all that moves what it is compared with.
 */
export function judge(
  goal: Goal,
  { unit, better }: { readonly unit: string; readonly better: 'higher' | 'lower' },
  measured: { readonly value: number; readonly ratio?: number },
): Verdict {
  const sign = better === 'higher' ? '>=' : '<=';
  const holds = (figure: number, limit: number) => (better === 'higher' ? figure >= limit : figure <= limit);
  const parts: { text: string; by: string; reached: boolean }[] = [];
  if (goal.value !== undefined) {
    const text = `${sign} ${short(goal.value)} ${unit}`.trimEnd();
    parts.push({ text, by: 'value', reached: holds(measured.value, goal.value) });
  }
  if (goal.ratio !== undefined && measured.ratio !== undefined) {
    const origin = goal.from === undefined ? '' : ` (${goal.from})`;
    const text = `ratio ${sign} ${short(goal.ratio)}${origin}`;
    parts.push({ text, by: 'ratio', reached: holds(measured.ratio, goal.ratio) });
  }
  const word = (reached: boolean) => (reached ? 'reached' : '**missed**');
  const [first] = parts;
  const same = first !== undefined && parts.every(({ reached }) => reached === first.reached);
  return {
    goal: parts.map(({ text }) => text).join('; '),
    reached: same ? word(first.reached) : parts.map(({ by, reached }) => `by ${by} ${word(reached)}`).join(', '),
  };
}
