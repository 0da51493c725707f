import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ask } from '../../src/testing/client.ts';
import { startEventSink } from '../../src/testing/event-sink.ts';
import { startEventVictim } from './support/events.ts';
import { ATTACKED } from './support/victim.ts';

describe('at SIGTERM', { timeout: 120_000 }, () => {
  test('all events that were answered with 202 go out', async () => {
    await using sink = await startEventSink();
    await using victim = await startEventVictim(sink.url, { EVENTS_FLUSH_INTERVAL: '1h', EVENTS_CAPACITY: '100000' });
    const events = Array.from({ length: 50 }, (_, n) => ({ kind: 'custom', key: `${n}` }));
    let taken = 0;
    let told = false;
    const posting = Array.from({ length: 8 }, async () => {
      for (let n = 0; n < 40; n++) {
        const answer = await ask(victim.port, '/bulk', {
          method: 'POST',
          headers: { Authorization: ATTACKED.sdk, 'X-LaunchDarkly-Event-Schema': '4' },
          body: JSON.stringify(events),
        }).catch(() => undefined);
        if (answer?.status === 202) taken += events.length;
        if (taken <= 4_000) continue;
        // A second one would end it at once.
        if (!told) process.kill(victim.pid, 'SIGTERM');
        told = true;
        return;
      }
    });
    await Promise.all(posting);
    await victim.ended();
    const arrived = sink.posts.reduce((sum, { text }) => sum + JSON.parse(text).length, 0);
    assert.ok(taken >= 4_000);
    assert.equal(arrived, taken);
  });
});
