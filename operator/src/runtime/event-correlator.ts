import type { Clock } from '@flagrelay/kube/clock';
import { microTime } from '@flagrelay/kube/lease';
import { createBoundedMap } from './bounded-map.ts';
import { cutNote, type EventInput, type KubernetesEvent, referenceTo } from './event-types.ts';

/** What is to be written for one occurrence. */
export type EventWrite =
  | { readonly kind: 'create'; readonly seriesKey: string; readonly event: KubernetesEvent }
  | { readonly kind: 'patch'; readonly seriesKey: string; readonly event: KubernetesEvent };

/** Numbers of the correlator; times in ms. */
export interface CorrelatorLimits {
  /** Writes about one object that may come at once. */
  readonly burst: number;
  /** After the burst, one write about an object in this time. */
  readonly refillMs: number;
  /** Different notes of one reason within `aggregateMs` before they are told as one. */
  readonly maxSimilar: number;
  readonly aggregateMs: number;
  /** A series that was quiet for this long is over: the next occurrence is a new event. */
  readonly seriesMs: number;
  /** A running series is written at most this often. */
  readonly seriesWriteMs: number;
  /** Series, objects and groups that are remembered, each. */
  readonly capacity: number;
}

/** client-go's numbers. */
export const correlatorLimits: CorrelatorLimits = {
  burst: 25,
  refillMs: 300_000,
  maxSimilar: 10,
  aggregateMs: 600_000,
  seriesMs: 360_000,
  seriesWriteMs: 60_000,
  capacity: 4096,
};

/** Decides what becomes of each event: new, counted in a series, told together with others, or dropped as spam. */
export interface EventCorrelator {
  /** What to write now; `merged`: counted, to be written later; `dropped`: too many about this object. */
  accept(input: EventInput): EventWrite | 'merged' | 'dropped';
  /** Series whose count is to be written now, because it was held back long enough. */
  due(): EventWrite[];
  /** The event of this series is gone from the server: the next occurrence is a new event. */
  forget(seriesKey: string): void;
}

interface Series {
  event: KubernetesEvent;
  count: number;
  lastAt: number;
  lastWall: number;
  writtenAt: number;
  writtenCount: number;
}

interface Names {
  readonly reportingController: string;
  readonly reportingInstance: string;
  /** A hexadecimal suffix that makes an event's name unique. */
  readonly suffix: () => string;
}

/** Makes a correlator; all it remembers is bounded by `limits.capacity`. */
export function createEventCorrelator(names: Names, clock: Clock, limits: CorrelatorLimits): EventCorrelator {
  const series = createBoundedMap<string, Series>(limits.capacity);
  const buckets = createBoundedMap<string, { tokens: number; at: number }>(limits.capacity);
  const groups = createBoundedMap<string, { notes: Set<string>; since: number }>(limits.capacity);

  /** client-go's spam filter: a token bucket for each object. */
  function isSpam(object: string): boolean {
    const now = clock.now();
    const bucket = buckets.get(object) ?? { tokens: limits.burst, at: now };
    const tokens = Math.min(limits.burst, bucket.tokens + (now - bucket.at) / limits.refillMs);
    buckets.set(object, { tokens: Math.max(0, tokens - (tokens >= 1 ? 1 : 0)), at: now });
    return tokens < 1;
  }

  /** True when this group has told too many different notes lately: this one is then told together with the others. */
  function isAggregated(group: string, note: string): boolean {
    const now = clock.now();
    const known = groups.get(group);
    const entry = known && now - known.since < limits.aggregateMs ? known : { notes: new Set<string>(), since: now };
    if (entry.notes.size < limits.maxSimilar) entry.notes.add(note);
    groups.set(group, entry);
    return !entry.notes.has(note);
  }

  function newEvent(input: EventInput, note: string): KubernetesEvent {
    const { name = 'unknown', namespace } = input.regarding.metadata ?? {};
    return {
      // Events about cluster-scoped objects live in `default`, as kubectl looks for them there.
      metadata: { name: `${name}.${names.suffix()}`, namespace: namespace ?? 'default' },
      eventTime: microTime(clock.wallNow()),
      type: input.type,
      reason: input.reason,
      action: input.action,
      note,
      reportingController: names.reportingController,
      reportingInstance: names.reportingInstance,
      regarding: referenceTo(input.regarding),
      ...(input.related && { related: referenceTo(input.related) }),
    };
  }

  function patchOf(seriesKey: string, entry: Series): EventWrite {
    entry.writtenAt = clock.now();
    entry.writtenCount = entry.count;
    const observed = { count: entry.count, lastObservedTime: microTime(entry.lastWall) };
    return { kind: 'patch', seriesKey, event: { ...entry.event, series: observed } };
  }

  return {
    accept(input) {
      const object = objectIdentity(input);
      const group = JSON.stringify([object, input.type, input.reason, input.action]);
      const note = cutNote(
        isAggregated(group, input.note) ? `(combined from similar events): ${input.note}` : input.note,
      );
      const seriesKey = isAggregatedNote(note) ? group : JSON.stringify([group, note]);
      const now = clock.now();
      const known = series.get(seriesKey);
      if (known && now - known.lastAt < limits.seriesMs) {
        known.count += 1;
        known.lastAt = now;
        known.lastWall = clock.wallNow();
        if (known.count > 2 && now - known.writtenAt < limits.seriesWriteMs) return 'merged';
        return isSpam(object) ? 'merged' : patchOf(seriesKey, known);
      }
      if (isSpam(object)) return 'dropped';
      const event = newEvent(input, note);
      series.set(seriesKey, {
        event,
        count: 1,
        lastAt: now,
        lastWall: clock.wallNow(),
        writtenAt: now,
        writtenCount: 1,
      });
      return { kind: 'create', seriesKey, event };
    },
    due() {
      const now = clock.now();
      const writes: EventWrite[] = [];
      for (const [key, entry] of [...series.entries()]) {
        const waits = entry.count > entry.writtenCount && now - entry.writtenAt >= limits.seriesWriteMs;
        if (waits) writes.push(patchOf(key, entry));
        else if (now - entry.lastAt >= limits.seriesMs) series.delete(key);
      }
      return writes;
    },
    forget: (seriesKey) => series.delete(seriesKey),
  };
}

function isAggregatedNote(note: string): boolean {
  return note.startsWith('(combined from similar events)');
}

function objectIdentity({ regarding }: EventInput): string {
  const { uid, namespace, name } = regarding.metadata ?? {};
  return uid ?? JSON.stringify([regarding.kind, namespace, name]);
}
