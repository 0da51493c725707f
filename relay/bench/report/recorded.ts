import type { Row } from '../table.ts';
import type { ProfileSummary } from './profile-summary.ts';

/** Where and when something was measured. */
export interface Origin {
  /** ISO 8601 */
  readonly at: string;
  readonly commit: string;
  readonly node: string;
  /** Cores, memory and kernel. */
  readonly machine: string;
  /** Load average of the last minute, before and after. */
  readonly load: readonly [before: number, after: number];
}

/** A full run of the bench. */
export interface Recorded {
  readonly origin: Origin;
  readonly command: string;
  /** Servers and load each held to a core of their own. */
  readonly pinned: boolean;
  readonly rounds: number;
  readonly streams: number;
  /** How long each part took. */
  readonly seconds: Readonly<Record<string, number>>;
  readonly rows: readonly Row[];
  readonly profile: ProfileSummary;
}

/** The same run with figures that are no longer than they are true. */
export function rounded(run: Recorded): Recorded {
  const digits = (values: readonly number[]) => values.map((value) => Number(value.toPrecision(4)));
  return {
    ...run,
    rows: run.rows.map((row) => ({ ...row, relay: digits(row.relay), baseline: digits(row.baseline) })),
  };
}
