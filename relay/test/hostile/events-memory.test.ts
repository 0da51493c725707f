import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type HostilePost, postAsNeighbour, postEvents, startEventVictim, startHole } from './support/events.ts';

const MEMORY = 32 * 1024 * 1024;
/** What bodies, garbage and the growth of the heap may add to what is kept, in MiB. */
const PASSING_MIB = 160;

const USER = '"context":{"kind":"user","key":"a"}';
const feature = (key: string, more: string) =>
  `{"kind":"feature","creationDate":1,"key":"${key}","version":1,"variation":0,${more}${USER}}`;

/** Posts, each meant to be kept for long. The client may send as many as it likes. */
const ATTACKS: Readonly<Record<string, { readonly posts: number; readonly post: (n: number) => HostilePost }>> = {
  'many tags with two-byte texts': {
    posts: 30,
    post: (n) => ({
      schema: 4,
      body: `[{"kind":"custom","key":"\u20ac","data":"${'a'.repeat(4e6)}"}]`,
      headers: { 'X-LaunchDarkly-Tags': `t${n}` },
    }),
  },
  'small events in large bodies': {
    posts: 30,
    post: () => ({ schema: 1, body: `[${' '.repeat(5e6)}{"kind":"custom","creationDate":1,"key":"k",${USER}}]` }),
  },
  'small events in large bodies, passed on as they are': {
    posts: 30,
    post: (n) => ({
      schema: 4,
      body: `[{"kind":"custom","key":"k"}]${' '.repeat(5e6)}`,
      headers: { 'X-LaunchDarkly-Tags': `t${n % 8}` },
    }),
  },
  'contexts with long keys': {
    posts: 30,
    post: (n) => ({
      schema: 1,
      body: `[${Array.from({ length: 4 }, (_, i) => `{"kind":"identify","creationDate":1,"context":{"kind":"user","key":"${n}/${i}${'k'.repeat(1e6)}"}}`).join(',')}]`,
    }),
  },
  'large values of flags': {
    posts: 30,
    post: (n) => ({ schema: 1, body: `[${feature(`f${n}`, `"value":"${'v'.repeat(4e6)}","default":null,`)}]` }),
  },
  'many flags, versions and kinds': {
    posts: 30,
    post: (n) => ({
      schema: 1,
      body: `[${Array.from({ length: 5_000 }, (_, i) => feature(`${n}/${i}${'f'.repeat(200)}`, '"value":1,"default":2,')).join(',')}]`,
    }),
  },
  'many tags, each a queue': {
    posts: 100,
    post: (n) => ({
      schema: (n % 2) * 3 + 1,
      body: `[{"kind":"custom","creationDate":1,"key":"k",${USER}}]`,
      headers: { 'X-LaunchDarkly-Tags': `${n}${'t'.repeat(900)}` },
    }),
  },
  'long names of SDKs': {
    posts: 100,
    post: (n) => ({
      schema: 3,
      body: '[{"kind":"custom","key":"k"}]',
      headers: {
        'X-LaunchDarkly-User-Agent': `${n}${'u'.repeat(12_000)}`,
        'X-LaunchDarkly-Wrapper': `${n}${'w'.repeat(12_000)}`,
      },
    }),
  },
};

describe('what a public client makes the relay keep while the events service hangs', { timeout: 600_000 }, () => {
  for (const [name, { posts, post }] of Object.entries(ATTACKS)) {
    test(name, async () => {
      await using hole = await startHole();
      await using victim = await startEventVictim(hole.url);
      const { result, memory } = await victim.survives(async () => {
        const statuses = new Set<number>();
        for (let n = 0; n < posts; n += 2) {
          for (const status of await Promise.all([n, n + 1].map((m) => postEvents(victim, post(m))))) {
            statuses.add(status);
          }
        }
        return { statuses, neighbour: await postAsNeighbour(victim) };
      });
      assert.ok(
        [...result.statuses].every((status) => [202, 400, 413, 503].includes(status)),
        `${[...result.statuses]}`,
      );
      assert.equal(result.neighbour, 202, "the neighbour's events are taken");
      assert.ok((await victim.metric('flagrelay_memory_bytes', { of: 'events' })) <= MEMORY);
      assert.ok(memory.peak - memory.before < MEMORY / 2 ** 20 + PASSING_MIB, JSON.stringify(memory));
    });
  }
});
