import type { Environments } from './aggregate.ts';
import type { Snapshot } from './snapshot.ts';

/** What a condition says, before it is known since when. */
export interface Verdict {
  readonly status: 'True' | 'False' | 'Unknown';
  /** One CamelCase word. */
  readonly reason: string;
  /** For people; without credentials. */
  readonly message: string;
}

/** What conditions are computed from. */
export interface Evidence {
  readonly snapshot: Snapshot;
  readonly environments: Environments;
}

/** Names in a message, the first few of them. */
export function someOf(names: readonly string[], limit = 5): string {
  const shown = names.slice(0, limit).join(', ');
  return names.length > limit ? `${shown} and ${names.length - limit} more` : shown;
}
