import type { ListMessage } from './list.ts';

/**
 * Where AutoConfig stands:
 *
 * - `starting`: there is no list, and the start of the relay waits for one;
 * - `listless`: there is no list, and the relay has started without;
 * - `cached`: the list of an earlier run is served, upstream has not said anything yet;
 * - `live`: upstream's list is served. Losing the stream, or the right to it, changes nothing;
 * - `closed`: nothing is reported any more.
 *
 * | in | `listed` | `restored` | `unanswered` | `closed` |
 * | --- | --- | --- | --- | --- |
 * | starting | live | cached | listless | closed |
 * | listless | live | cached | listless | closed |
 * | cached | live | cached | cached | closed |
 * | live | live | live | live | closed |
 */
export type Phase = 'starting' | 'listless' | 'cached' | 'live' | 'closed';

/**
 * What happens to AutoConfig: upstream sent the list; an earlier run's was read from disk; upstream has not answered in time or could
 * not be reached; the relay goes down.
 */
export type PhaseEvent = 'listed' | 'restored' | 'unanswered' | 'closed';

/** The next phase. */
export function nextPhase(phase: Phase, event: PhaseEvent): Phase {
  if (phase === 'closed' || event === 'closed') return 'closed';
  switch (event) {
    case 'listed':
      return 'live';
    case 'restored':
      return phase === 'live' ? 'live' : 'cached';
    case 'unanswered':
      return phase === 'starting' ? 'listless' : phase;
  }
}

/** True while there is no list, so that one of an earlier run is worth reading. */
export function wantsCache(phase: Phase): boolean {
  return phase === 'starting' || phase === 'listless';
}

/**
 * What to do with a message about the list: begin again with the list in it, apply it to the known list, or pass it over, as
 * it is a change of a list that has not come.
 */
export type Verdict = 'begin' | 'apply' | 'early';

/** What to do with a message of this kind in a phase. */
export function verdictOn(phase: Phase, kind: ListMessage['kind']): Verdict {
  if (phase === 'live') return 'apply';
  // Upstream's list replaces what an earlier run knew, whatever the versions.
  return kind === 'put' ? 'begin' : 'early';
}

/**
 * What a refused key means: the start fails; the process, which started without a list, must end; or the known list, upstream's or that of
 * an earlier run, serves on and the key is tried again (contract 8.2).
 */
export type Refusal = 'fail' | 'fatal' | 'serve on';

/** What a refused key means in a phase. */
export function refusalIn(phase: Phase): Refusal {
  if (phase === 'starting') return 'fail';
  return phase === 'listless' ? 'fatal' : 'serve on';
}
