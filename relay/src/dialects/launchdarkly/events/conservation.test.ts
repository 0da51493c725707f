import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { startEventSink } from '../../../testing/event-sink.ts';
import { SILENT } from '../../../testing/relay.ts';
import { createUpstreamDispatcher } from '../../../upstream/dispatcher.ts';
import { createEventForwarder } from './forwarder.ts';
import { EventMemory } from './memory.ts';
import type { EventFamily } from './types.ts';

/** What upstream does with one post. */
type Behaviour = 'ok' | 'slow' | 'cut' | 401 | 413 | 429 | 503;

/** One post of a client. */
interface Post {
  readonly family: EventFamily;
  readonly tags: string;
  readonly summarised: boolean;
  readonly size: number;
  /** Characters in each event. */
  readonly padding: number;
  readonly bad: boolean;
  /** ms before the next one */
  readonly pause: number;
}

const post = fc.record<Post>({
  family: fc.constantFrom('server', 'mobile', 'browser'),
  tags: fc.constantFrom('', 'a', 'b', 'c'),
  summarised: fc.boolean(),
  size: fc.integer({ min: 1, max: 30 }),
  padding: fc.constantFrom(0, 0, 0, 2_000),
  bad: fc.boolean(),
  pause: fc.constantFrom(0, 0, 0, 1, 5),
});

interface Outcome {
  readonly counts: ReadonlyMap<string, number>;
  /** Good events of posts that were taken, evaluations included. */
  readonly taken: number;
  /** Events and evaluations that upstream said it took. */
  readonly arrived: number;
  readonly twice: number;
  readonly busy: number;
}

/** Runs posts against an upstream, closes, and looks where everything is. */
async function run(posts: readonly Post[], behaviours: readonly Behaviour[], waitMs: number): Promise<Outcome> {
  let turn = 0;
  await using sink = await startEventSink(async () => {
    const behaviour = behaviours[turn++ % behaviours.length] ?? 'ok';
    if (behaviour === 'slow') await sleep(15);
    if (behaviour === 'cut') return 0;
    return typeof behaviour === 'number' ? behaviour : 202;
  });
  const counts = new Map<string, number>();
  const count = (name: string, by: number) => void counts.set(name, (counts.get(name) ?? 0) + by);
  const memory = new EventMemory(1_000_000);
  const dispatcher = createUpstreamDispatcher(undefined, {});
  const forwarder = createEventForwarder({
    config: { capacity: 40, flushMs: 5 },
    eventsUri: sink.url,
    environment: { sdkKey: 's', mobileKey: 'm', envId: 'e', data: () => Promise.resolve(undefined) },
    dispatcher,
    memory,
    logger: SILENT,
    pauseMs: 10,
    failedMs: 5,
    retryMs: 2,
    waitMs,
    metrics: {
      received: (n) => count('received', n),
      forwarded: (n) => count('forwarded', n),
      dropped: (n, reason) => count(`dropped ${reason}`, n),
      diagnosticDropped: () => {},
      delayed: () => count('delayed', 1),
      turnedAway: () => count('turned away', 1),
    },
  });
  let id = 0;
  let taken = 0;
  let busy = 0;
  const answers: Promise<void>[] = [];
  for (const { family, tags, summarised, size, padding, bad, pause } of posts) {
    const events = Array.from({ length: size }, () => {
      const key = `${id++}`;
      return summarised
        ? { kind: 'feature', creationDate: 1, key: `flag-${id % 7}`, version: 1, value: 1, user: { key: 'u' } }
        : { kind: 'custom', key, data: 'x'.repeat(padding) };
    });
    const text = `[${events.map((event) => JSON.stringify(event)).join(',')}${bad ? ',{"version":1e400}' : ''}]`;
    const metadata = { family, schema: 4, tags };
    answers.push(
      Promise.resolve(
        forwarder.accept({ metadata, body: Buffer.from(text), payloadId: undefined, unsummarized: summarised }),
      ).then((acceptance) => {
        if (acceptance === 'taken') taken += size;
        else busy += 1;
      }),
    );
    if (pause > 0) await sleep(pause);
  }
  await Promise.all(answers);
  await forwarder.close(5_000);
  await dispatcher.close();
  assert.equal(memory.used, 0, 'all memory is given back');
  const ids: string[] = [];
  let evaluations = 0;
  for (const { status, text } of sink.posts) {
    if (status !== 202) continue;
    for (const event of JSON.parse(text)) {
      if (event.kind === 'custom') ids.push(event.key);
      for (const flag of Object.values<{ counters: { count: number }[] }>(event.features ?? {})) {
        for (const counter of flag.counters) evaluations += counter.count;
      }
    }
  }
  const once = new Set(ids).size;
  return { counts, taken, arrived: once + evaluations, twice: ids.length - once, busy };
}

function dropped(counts: ReadonlyMap<string, number>): number {
  return [...counts].reduce((sum, [name, value]) => (name.startsWith('dropped') ? sum + value : sum), 0);
}

describe('where events are in the end', { timeout: 300_000 }, () => {
  test('while upstream takes events, however slowly, none that was taken is lost or sent twice', async () => {
    const behaviours = fc.array(fc.constantFrom<Behaviour>('ok', 'slow'), { minLength: 1, maxLength: 10 });
    await fc.assert(
      fc.asyncProperty(fc.array(post, { minLength: 1, maxLength: 80 }), behaviours, async (posts, upstream) => {
        const { counts, taken, arrived, twice } = await run(posts, upstream, 10_000);
        assert.equal(arrived, taken);
        assert.equal(twice, 0);
        assert.equal(dropped(counts), counts.get('dropped invalid') ?? 0);
      }),
      { numRuns: 25 },
    );
  });

  test('whatever upstream does, what was taken was forwarded or is counted as dropped', async () => {
    const behaviours = fc.array(fc.constantFrom<Behaviour>('ok', 'ok', 'slow', 'cut', 401, 413, 429, 503), {
      minLength: 1,
      maxLength: 20,
    });
    const verbatim = post.map((one) => ({ ...one, summarised: false }));
    await fc.assert(
      fc.asyncProperty(fc.array(verbatim, { minLength: 1, maxLength: 60 }), behaviours, async (posts, upstream) => {
        const { counts, taken, arrived } = await run(posts, upstream, 50);
        const invalid = counts.get('dropped invalid') ?? 0;
        assert.equal((counts.get('received') ?? 0) - invalid, taken);
        assert.equal((counts.get('forwarded') ?? 0) + dropped(counts), counts.get('received') ?? 0);
        assert.equal(arrived, counts.get('forwarded') ?? 0);
      }),
      { numRuns: 25 },
    );
  });

  test('an upstream that does not work at all makes clients be turned away, not events be lost', async () => {
    const posts = Array.from(
      { length: 200 },
      (): Post => ({ family: 'server', tags: '', summarised: false, size: 30, padding: 0, bad: false, pause: 0 }),
    );
    const { counts, busy } = await run(posts, [503], 20);
    assert.ok(busy > 100, `${busy}`);
    assert.equal(counts.get('turned away'), busy);
    assert.equal(dropped(counts), counts.get('received'), 'those that were taken are lost only at the end');
  });
});
