import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ApiError, TransportError } from '@flagrelay/kube/api-error';
import { createFakeClock, settle } from '@flagrelay/kube/testing/fake-clock';
import { createKindDiscovery } from './kind-discovery.ts';
import type { ResourceType } from './objects.ts';
import { configMaps, recordingLogger } from './testing/fixtures.ts';

const other: ResourceType = { ...configMaps, group: 'other.example', plural: 'others', kind: 'Other' };
const forbidden = new ApiError({ code: 403, reason: 'Forbidden', message: 'no', request: 'GET /apis' });

function setUp(answer: (type: ResourceType) => boolean | Error) {
  const clock = createFakeClock();
  const logger = recordingLogger();
  const asked: string[] = [];
  const client = {
    async serves(type: ResourceType) {
      asked.push(type.kind);
      const result = answer(type);
      if (result instanceof Error) throw result;
      return result;
    },
  };
  const types = [configMaps, other];
  const discovery = createKindDiscovery({ client, types, periodMs: 1000, logger, clock, random: () => 0.5 });
  const changes: string[] = [];
  discovery.onChange((type) => changes.push(`${type.kind} ${discovery.serves(type)}`));
  const stop = new AbortController();
  const running = discovery.run(stop.signal);
  const end = async () => {
    stop.abort();
    await running;
    assert.equal(clock.pending, 0, 'a timer was left');
  };
  return { discovery, clock, logger, asked, changes, end };
}

describe('kind discovery', () => {
  it('knows nothing before the first answer, then tells of each kind once', async () => {
    const { discovery, clock, asked, changes, end } = setUp(({ kind }) => kind === 'ConfigMap');
    assert.equal(discovery.serves(configMaps), undefined);
    await clock.advance(5000);
    assert.deepEqual(changes, ['ConfigMap true', 'Other false']);
    assert.equal(asked.length, 12, 'six looks in five seconds, one a second');
    await end();
  });

  it('tells when a kind comes and when it goes', async () => {
    let installed = false;
    const { clock, changes, logger, end } = setUp(({ kind }) => kind === 'Other' && installed);
    await clock.advance(1000);
    installed = true;
    await clock.advance(1000);
    installed = false;
    await clock.advance(1000);
    assert.deepEqual(changes, ['ConfigMap false', 'Other false', 'Other true', 'Other false']);
    const messages = logger.lines.map(({ message, fields }) => `${message}: ${fields.kind}`);
    assert.deepEqual(messages, ['Kind was installed: Other', 'Kind was removed: Other']);
    await end();
  });

  it('keeps what it knows while the API server does not answer, and does not ask in a loop', async () => {
    let down = false;
    const lost = new TransportError('connection', 'GET /apis', 'ECONNRESET');
    const { discovery, clock, asked, changes, end } = setUp(() => (down ? lost : true));
    await settle();
    down = true;
    const before = asked.length;
    await clock.advance(60_000);
    assert.ok(asked.length - before < 20, `${asked.length - before} requests in a minute`);
    assert.equal(discovery.serves(other), true);
    down = false;
    await clock.advance(60_000);
    assert.deepEqual(changes, ['ConfigMap true', 'Other true']);
    await end();
  });

  it('takes a kind that it may not ask for as not installed, and says so once', async () => {
    const { discovery, clock, logger, end } = setUp(() => forbidden);
    await clock.advance(10_000);
    assert.equal(discovery.serves(other), false);
    assert.equal(logger.lines.filter(({ level }) => level === 'warn').length, 2, 'one line for each kind');
    await end();
  });
});
