import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { ask } from '../../src/testing/client.ts';
import { simpleFlag } from '../../src/testing/relay.ts';
import { startHole } from './support/events.ts';
import { RawConnection } from './support/raw.ts';
import { ATTACKED, NEIGHBOUR, startVictim, type Victim } from './support/victim.ts';

const POD = { nodeArgs: ['--max-old-space-size=317'] };
const MIB = 1024 * 1024;
const json = { 'Content-Type': 'application/json' };
const gzip = { ...json, 'Content-Encoding': 'gzip', 'X-LaunchDarkly-Event-Schema': '4' };

/** Does something in a loop by so many at once while the other tenant asks; resolves to the statuses that he got. */
async function meanwhile(
  attackers: number,
  attack: () => Promise<unknown>,
  asks: () => Promise<{ readonly status: number }>,
  times = 15,
): Promise<{ readonly statuses: readonly number[]; readonly slowestMs: number; readonly attacks: number }> {
  let over = false;
  let attacks = 0;
  const attacking = Array.from({ length: attackers }, async () => {
    while (!over) {
      await attack().catch(() => undefined);
      attacks += 1;
    }
  });
  const statuses: number[] = [];
  let slowestMs = 0;
  try {
    await pause(300);
    for (let count = 0; count < times; count++) {
      const started = performance.now();
      statuses.push((await asks()).status);
      slowestMs = Math.max(slowestMs, performance.now() - started);
    }
  } finally {
    over = true;
    await Promise.all(attacking);
  }
  return { statuses, slowestMs, attacks };
}

const contextWith = (chars: number) => JSON.stringify({ kind: 'user', key: 'n', x: 'x'.repeat(chars) });
const report = (victim: Victim, env: string, body: string) =>
  ask(victim.port, `/sdk/evalx/${env}/context`, { method: 'REPORT', headers: json, body });

describe('what one tenant sends leaves room for the bodies of another', () => {
  for (const [name, chars] of [
    ['small contexts', 100],
    ['large contexts', 20_000],
  ] as const) {
    test(`contexts of 1 MiB by thirty at once: ${name}`, async () => {
      const flags = Object.fromEntries(
        Array.from({ length: 500 }, (_, index) => [
          `flag-${index}`,
          simpleFlag(`flag-${index}`, 1, {
            fallthrough: {
              rollout: {
                variations: [
                  { variation: 0, weight: 50_000 },
                  { variation: 1, weight: 50_000 },
                ],
              },
            },
          }),
        ]),
      );
      await using victim = await startVictim({ ...POD, flags });
      const large = JSON.stringify({ kind: 'user', key: 'k'.repeat(MIB - 100) });
      const { result } = await victim.survives(() =>
        meanwhile(
          30,
          () => report(victim, ATTACKED.env, large),
          () => report(victim, NEIGHBOUR.env, contextWith(chars)),
        ),
      );
      assert.ok(
        result.statuses.every((status) => status === 200),
        result.statuses.join(),
      );
    });
  }

  test('bodies that stop short of their end', async () => {
    await using victim = await startVictim(POD);
    const connections: RawConnection[] = [];
    const part = ' '.repeat(MIB - 1_000);
    try {
      const { result } = await victim.survives(async () => {
        for (let count = 0; count < 120; count++) {
          const connection = new RawConnection(victim.port);
          connections.push(connection);
          await connection.write(
            `REPORT /sdk/evalx/${ATTACKED.env}/context HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${MIB}\r\n\r\n${part}`,
          );
        }
        return meanwhile(
          1,
          () => pause(50),
          () => report(victim, NEIGHBOUR.env, contextWith(100)),
        );
      });
      assert.ok(
        result.statuses.every((status) => status === 200),
        result.statuses.join(),
      );
    } finally {
      for (const connection of connections) connection[Symbol.dispose]();
    }
  });

  test('bodies of all public keys that never end: who has an SDK key is served', async () => {
    await using hole = await startHole();
    const env = { BODY_MEMORY: '8MiB', USE_EVENTS: 'true', EVENTS_HOST: hole.url };
    await using victim = await startVictim({ ...POD, env });
    const part = ' '.repeat(MIB - 1_000);
    const connections = new Set<RawConnection>();
    let next = 0;
    try {
      const { result } = await victim.survives(async () => {
        const context = Buffer.from(contextWith(100_000));
        const key = { ...json, Authorization: NEIGHBOUR.sdk };
        // Each stops for less than it takes to be slow.
        const hold = async () => {
          const { env } = next++ % 2 === 0 ? ATTACKED : NEIGHBOUR;
          const connection = new RawConnection(victim.port);
          connections.add(connection);
          const head = `REPORT /sdk/evalx/${env}/context HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n`;
          await connection.write(`${head}Content-Length: ${MIB}\r\n\r\n${part}`);
          await pause(1_500);
          connection[Symbol.dispose]();
          connections.delete(connection);
        };
        const evaluations = meanwhile(
          30,
          hold,
          () => ask(victim.port, '/sdk/evalx/context', { method: 'REPORT', headers: key, body: context }),
          40,
        );
        const { statuses } = await evaluations;
        const events = await meanwhile(
          30,
          hold,
          () =>
            ask(victim.port, '/bulk', {
              method: 'POST',
              headers: key,
              body: `[{"kind":"custom","key":"${'k'.repeat(100_000)}"}]`,
            }),
          10,
        );
        return {
          statuses,
          events: events.statuses,
          refused: await victim.metric('flagrelay_memory_refused_total', { of: 'bodies' }),
        };
      });
      assert.ok(result.refused > 0, 'the strangers had all that they could get');
      assert.ok(
        result.statuses.every((status) => status === 200),
        result.statuses.join(),
      );
      assert.ok(
        result.events.every((status) => status === 202),
        result.events.join(),
      );
    } finally {
      for (const connection of connections) connection[Symbol.dispose]();
    }
  });

  test('events that inflate to 4.9 MB while the events service hangs', async () => {
    await using hole = await startHole();
    await using victim = await startVictim({ ...POD, env: { USE_EVENTS: 'true', EVENTS_HOST: hole.url } });
    const body = gzipSync(`[{"kind":"custom","key":"${'a'.repeat(4_900_000)}"}]`);
    const { result, memory } = await victim.survives(() =>
      meanwhile(
        30,
        () => ask(victim.port, `/events/bulk/${ATTACKED.env}`, { method: 'POST', headers: gzip, body }),
        () => report(victim, NEIGHBOUR.env, contextWith(100)),
      ),
    );
    assert.ok(
      result.statuses.every((status) => status === 200),
      result.statuses.join(),
    );
    assert.ok(memory.peak < 450, `${memory.peak} MiB`);
  });
});
