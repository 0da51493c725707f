import type { ContextKey } from './received-event.ts';

/** Counters of evaluations between two flushes. */
export interface Summary {
  /** Counts one evaluation; false when there are too many different flags, versions and variations. */
  add(evaluation: Evaluation): boolean;
  /** The `summary` event as JSON text, and empties the counters; undefined when nothing was counted. */
  take(): string | undefined;
}

/** One evaluation, with JSON texts as the SDK sent them. */
export interface Evaluation {
  readonly creationDate: number;
  readonly key: string;
  readonly version: number | undefined;
  readonly variation: number | undefined;
  readonly value: string;
  readonly default: string;
  readonly contextKeys: readonly ContextKey[];
}

interface FlagCounters {
  readonly default: string;
  readonly kinds: Set<string>;
  /** By `variation/version`. */
  readonly counters: Map<string, { readonly head: string; count: number }>;
}

/** A client can make up flag keys and kinds. */
const MAX_COUNTERS = 10_000;
const MAX_KINDS = 100;

/** Makes an empty summary. */
export function createSummary(): Summary {
  let flags = new Map<string, FlagCounters>();
  let size = 0;
  let startDate = 0;
  let endDate = 0;
  return {
    add: (evaluation) => {
      const { key, version, variation, creationDate } = evaluation;
      const id = `${variation}/${version}`;
      const known = flags.get(key);
      const counter = known?.counters.get(id);
      if (counter !== undefined) counter.count += 1;
      else {
        if (size >= MAX_COUNTERS) return false;
        const flag = known ?? { default: evaluation.default, kinds: new Set(), counters: new Map() };
        flag.counters.set(id, { head: counterHead(evaluation), count: 1 });
        flags.set(key, flag);
        size += 1;
      }
      const kinds = flags.get(key)?.kinds;
      for (const { kind } of evaluation.contextKeys) if (kinds !== undefined && kinds.size < MAX_KINDS) kinds.add(kind);
      if (startDate === 0 || creationDate < startDate) startDate = creationDate;
      endDate = Math.max(endDate, creationDate);
      return true;
    },
    take: () => {
      if (flags.size === 0) return undefined;
      const features = [...flags].map(([key, flag]) => `${JSON.stringify(key)}:${flagText(flag)}`).join(',');
      const text = `{"kind":"summary","startDate":${startDate},"endDate":${endDate},"features":{${features}}}`;
      flags = new Map();
      size = 0;
      startDate = 0;
      endDate = 0;
      return text;
    },
  };
}

function counterHead({ variation, version, value }: Evaluation): string {
  const variationText = variation === undefined ? '' : `"variation":${variation},`;
  const versionText = version === undefined ? '"unknown":true' : `"version":${version}`;
  return `${variationText}${versionText},"value":${value}`;
}

function flagText(flag: FlagCounters): string {
  const counters = [...flag.counters.values()].map(({ head, count }) => `{${head},"count":${count}}`).join(',');
  return `{"default":${flag.default},"counters":[${counters}],"contextKinds":${JSON.stringify([...flag.kinds])}}`;
}
