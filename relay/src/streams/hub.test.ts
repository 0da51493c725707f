import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { PING } from '../dialects/launchdarkly/outlet/ping.ts';
import { eventually } from '../testing/eventually.ts';
import type { StreamClient } from './channel.ts';
import { ClosableConnection } from './connection.ts';
import { Hub } from './hub.ts';
import { event, type Frame, HEARTBEAT, merge } from './sse.ts';

const clientWith = (credential: string): StreamClient => ({ credential, platform: 'server' });

/** A connection that only remembers. */
class Recorder extends ClosableConnection {
  pendingBytes = 0;
  readonly frames: Frame[] = [];
  sent: (() => void) | undefined;
  ended = false;
  destroyed = false;

  write(frame: Frame): void {
    this.frames.push(frame);
  }

  writeThen(frame: Frame, done: () => void): void {
    this.frames.push(frame);
    this.sent = done;
  }

  end(): void {
    if (this.ended || this.destroyed) return;
    this.ended = true;
    this.hasClosed();
  }

  destroy(): void {
    if (this.ended || this.destroyed) return;
    this.destroyed = true;
    this.hasClosed();
  }

  text(): string {
    return this.frames.map((frame) => frame.bytes.toString()).join('');
  }
}

function newHub(overrides: Partial<ConstructorParameters<typeof Hub>[0]> = {}) {
  const seen = { opened: 0, closed: 0, cut: 0, rebalanced: 0, deliveredMs: [] as number[] };
  const hub = new Hub({
    heartbeatMs: 0,
    maxConnectionMs: 0,
    maxBufferedBytes: 1000,
    metrics: {
      opened: () => seen.opened++,
      closed: () => seen.closed++,
      cut: () => seen.cut++,
      rebalanced: () => seen.rebalanced++,
      delivered: (ms) => seen.deliveredMs.push(ms),
    },
    ...overrides,
  });
  return { hub, seen };
}

const turn = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

describe('stream hub', () => {
  test('one encoded frame reaches every connection, the very same buffer', async () => {
    const { hub } = newHub();
    const channel = hub.createChannel('all');
    const [a, b] = [new Recorder(), new Recorder()];
    channel.add(a, clientWith('k'), undefined);
    channel.add(b, clientWith('k'), undefined);
    const frame = event('patch', '{"path":"/flags/x"}');
    channel.publish(frame);
    await turn();
    assert.equal(a.frames[0], frame);
    assert.equal(b.frames[0], frame);
    hub.close();
  });

  test('the events of one turn go out as one write, in order', async () => {
    const { hub } = newHub();
    const channel = hub.createChannel('all');
    const client = new Recorder();
    channel.add(client, clientWith('k'), undefined);
    for (let i = 0; i < 50; i++) channel.publish(event('patch', `{"n":${i}}`));
    await turn();
    assert.equal(client.frames.length, 1);
    const numbers = [...client.text().matchAll(/"n":(\d+)/g)].map((match) => Number(match[1]));
    assert.deepEqual(
      numbers,
      Array.from({ length: 50 }, (_, i) => i),
    );
    hub.close();
  });

  test('the way of a change to all streams is timed once, from its oldest event; others are not', async () => {
    const { hub, seen } = newHub();
    const channel = hub.createChannel('all');
    channel.publish(event('patch', '0'), performance.now() - 5000);
    for (const client of [new Recorder(), new Recorder()]) channel.add(client, clientWith('k'), undefined);
    channel.publish(event('patch', '1'), performance.now() - 1000);
    channel.publish(event('patch', '2'), performance.now());
    await turn();
    channel.publish(PING);
    await turn();
    assert.equal(seen.deliveredMs.length, 1);
    assert.ok(seen.deliveredMs[0]! >= 1000 && seen.deliveredMs[0]! < 5000);
    hub.close();
  });

  test('pings of one turn become one ping, of two turns two (contract 11.4, ping storms)', async () => {
    const { hub } = newHub();
    const channel = hub.createChannel('ping');
    const client = new Recorder();
    channel.add(client, clientWith('k'), PING);
    channel.publish(PING);
    channel.publish(PING);
    await turn();
    channel.publish(PING);
    await turn();
    assert.equal(client.text(), 'event: ping\ndata:  \n\n'.repeat(3));
    hub.close();
  });

  test('a newcomer gets its first payload and only what comes after', async () => {
    const { hub } = newHub();
    const channel = hub.createChannel('all');
    const early = new Recorder();
    channel.add(early, clientWith('k'), undefined);
    channel.publish(event('patch', '1'));
    const late = new Recorder();
    channel.add(late, clientWith('k'), event('put', '2'));
    channel.publish(event('patch', '3'));
    await turn();
    assert.equal(early.text(), 'event: patch\ndata: 1\n\nevent: patch\ndata: 3\n\n');
    assert.equal(late.text(), 'event: put\ndata: 2\n\nevent: patch\ndata: 3\n\n');
    hub.close();
  });

  test('a client that does not read is cut at the limit and the others are served (contract 14, row 21)', async () => {
    const { hub, seen } = newHub();
    const channel = hub.createChannel('all');
    const [slow, quick] = [new Recorder(), new Recorder()];
    channel.add(slow, clientWith('k'), undefined);
    channel.add(quick, clientWith('k'), undefined);
    slow.pendingBytes = 1001;
    channel.publish(PING);
    await turn();
    assert.ok(slow.destroyed);
    assert.equal(seen.cut, 1);
    assert.equal(quick.frames.length, 1);
    hub.close();
  });

  test('a first payload larger than the limit does not cut its own client, but what piles up behind it does', async () => {
    const { hub } = newHub();
    const channel = hub.createChannel('all');
    const client = new Recorder();
    const big = event('put', 'x'.repeat(5000));
    channel.add(client, clientWith('k'), big);
    client.pendingBytes = big.chunk.length;
    channel.publish(PING);
    await turn();
    assert.ok(!client.destroyed);
    client.pendingBytes = big.chunk.length + 1001;
    channel.publish(PING);
    await turn();
    assert.ok(client.destroyed);
    hub.close();
  });

  test('revoking a credential closes its streams only, at once (contract 2.3)', () => {
    const { hub } = newHub();
    const channel = hub.createChannel('all');
    const [old, current] = [new Recorder(), new Recorder()];
    channel.add(old, clientWith('old'), undefined);
    channel.add(current, clientWith('new'), undefined);
    channel.revoke('old');
    assert.ok(old.ended);
    assert.ok(!current.ended);
    assert.equal(hub.size, 1);
    hub.close();
  });

  test('heartbeats come to everybody, as bare comment lines (contract 2.1)', async () => {
    const { hub } = newHub({ heartbeatMs: 60 });
    const channel = hub.createChannel('all');
    const clients = Array.from({ length: 5 }, () => new Recorder());
    for (const client of clients) channel.add(client, clientWith('k'), undefined);
    await eventually(() => {
      for (const client of clients) assert.ok(client.frames.filter((frame) => frame === HEARTBEAT).length >= 2);
    });
    assert.match(clients[0]!.text(), /^(:\n)+$/);
    hub.close();
  });

  test('streams end after the maximum connection time, with jitter downwards only', async () => {
    const { hub } = newHub({ maxConnectionMs: 40, random: () => 0.99 });
    const client = new Recorder();
    hub.createChannel('all').add(client, clientWith('k'), undefined);
    await eventually(() => assert.ok(client.ended));
    hub.close();
  });

  test('a drain ends every stream, spread over the time it has', async () => {
    const { hub } = newHub();
    const channel = hub.createChannel('all');
    const clients = Array.from({ length: 10 }, () => new Recorder());
    for (const client of clients) channel.add(client, clientWith('k'), undefined);
    const draining = hub.drain(500);
    assert.ok(clients.some((client) => client.ended));
    assert.ok(clients.some((client) => !client.ended));
    await draining;
    assert.ok(clients.every((client) => client.ended));
    assert.equal(hub.size, 0);
    hub.close();
  });

  test('a share of the streams is ended, and no other', async () => {
    const { hub, seen } = newHub({ random: () => 0 });
    const channel = hub.createChannel('all');
    const clients = Array.from({ length: 10 }, () => new Recorder());
    for (const client of clients) channel.add(client, clientWith('k'), undefined);
    const never = new AbortController().signal;
    const shedding = hub.shed(0.4, 100, never);
    clients[3]?.destroy();
    assert.equal(await shedding, 3, 'the one that went by itself is not counted');
    assert.deepEqual(
      clients.map((client) => client.ended),
      [true, true, true, false, ...Array(6).fill(false)],
    );
    assert.equal(seen.rebalanced, 3);
    assert.equal(await hub.shed(0.01, 100, never), 0);
    hub.close();
  });

  test('open and closed streams are told to the metrics', () => {
    const { hub, seen } = newHub();
    const channel = hub.createChannel('ping');
    channel.add(new Recorder(), clientWith('k'), undefined);
    channel.add(new Recorder(), clientWith('k'), undefined);
    channel.close();
    assert.deepEqual(seen, { opened: 2, closed: 2, cut: 0, rebalanced: 0, deliveredMs: [] });
    hub.close();
  });
});

describe('server-sent events', () => {
  test('a frame is one HTTP chunk and a view of the text in it', () => {
    assert.equal(PING.bytes.toString(), 'event: ping\ndata:  \n\n');
    assert.equal(PING.chunk.toString(), '15\r\nevent: ping\ndata:  \n\n\r\n');
    assert.equal(HEARTBEAT.bytes.toString(), ':\n');
  });

  test('merged frames are one chunk', () => {
    const merged = merge([event('a', 'ü'), event('b', '2')]);
    assert.equal(merged.bytes.toString(), 'event: a\ndata: ü\n\nevent: b\ndata: 2\n\n');
    assert.equal(merged.chunk.toString(), `${merged.bytes.length.toString(16)}\r\n${merged.bytes.toString()}\r\n`);
  });

  test('data cannot forge an event', () => {
    assert.throws(() => event('put', 'x\n\nevent: put'), RangeError);
    assert.throws(() => event('put\n', 'x'), RangeError);
  });

  test('a connection that closed before it could join does not', () => {
    const { hub, seen } = newHub();
    const channel = hub.createChannel('all');
    const connection = new Recorder();
    connection.destroy();
    let sent = 0;
    channel.add(connection, clientWith('a'), PING, () => sent++);
    assert.deepEqual([channel.size, hub.size, seen.opened, seen.closed, sent], [0, 0, 0, 0, 1]);
    assert.deepEqual(connection.frames, []);
  });
});
