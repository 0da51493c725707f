import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError, TransportError } from '@flagrelay/kube/api-error';
import { sleep } from '@flagrelay/kube/clock';
import type { Lease } from '@flagrelay/kube/lease';
import fc from 'fast-check';
import { createFakeTime, type FakeTime } from '../testing/fake-clock.ts';
import { SILENT } from '../testing/relay.ts';
import { createElection } from './election.ts';

/** One Lease with the API server's rule for concurrent writes. */
function createLeaseServer() {
  let version = 1;
  let lease: Lease = { metadata: { name: 'demo', resourceVersion: '1' } };
  return {
    away: false,
    get: () => lease,
    put(wanted: Lease): Lease {
      if (wanted.metadata?.resourceVersion !== lease.metadata?.resourceVersion) {
        throw new ApiError({ code: 409, reason: 'Conflict', message: 'modified', request: 'PUT' });
      }
      version += 1;
      lease = { ...wanted, metadata: { ...wanted.metadata, resourceVersion: String(version) } };
      return lease;
    },
  };
}

type LeaseServer = ReturnType<typeof createLeaseServer>;

/** A process with an election; requests take `latency()` ms each way. */
function startProcess(name: string, time: FakeTime, server: LeaseServer, latency: () => number = () => 5) {
  const clock = time.process();
  const never = new AbortController().signal;
  const call = async (timeoutMs: number, work: () => Lease): Promise<Lease> => {
    const [there, back] = [latency(), latency()];
    await sleep(Math.min(there, timeoutMs), never, clock);
    if (there >= timeoutMs) throw new TransportError('deadline', 'test', 'timeout');
    if (server.away) throw new TransportError('connection', 'test', 'connection refused');
    const answer = work();
    await sleep(Math.min(back, timeoutMs - there), never, clock);
    if (there + back >= timeoutMs) throw new TransportError('deadline', 'test', 'timeout');
    return structuredClone(answer);
  };
  const process = { name, clock, acting: 0, changes: 0 };
  const election = createElection({
    identity: name,
    transport: {
      read: ({ deadlineMs }) => call(deadlineMs, server.get),
      replace: (lease, { deadlineMs }) => call(deadlineMs, () => server.put(structuredClone(lease))),
    },
    act: async (signal) => {
      process.acting += 1;
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      process.acting -= 1;
    },
    changed: () => {
      process.changes += 1;
    },
    logger: SILENT,
    clock,
  });
  return Object.assign(process, { election });
}

const holder = (server: LeaseServer) => server.get().spec?.holderIdentity;

test('one of two is active and acts; the other stands by, and knows the lease', async () => {
  const time = createFakeTime();
  const server = createLeaseServer();
  const [a, b] = [startProcess('a', time, server), startProcess('b', time, server)];
  await time.advance(30_000);
  const states = [a, b].map(({ election, acting }) => [election.active(), election.seen, acting]);
  assert.deepEqual(
    states.sort((x, y) => Number(y[0]) - Number(x[0])),
    [
      [true, true, 1],
      [false, true, 0],
    ],
  );
  assert.equal(server.get().spec?.leaseDurationSeconds, 15);
  assert.match(server.get().spec?.renewTime ?? '', /^1970-01-01T00:00:\d\d\.\d{6}Z$/);
});

test('on close it stops acting, gives the lease back, and the stand-by takes it with its next look', async () => {
  const time = createFakeTime();
  const server = createLeaseServer();
  const a = startProcess('a', time, server);
  await time.advance(1000);
  const b = startProcess('b', time, server);
  await time.advance(1000);
  const closed = a.election.close();
  await time.advance(20);
  await closed;
  assert.deepEqual([a.acting, holder(server)], [0, '']);
  await time.advance(2500);
  assert.deepEqual([b.acting, holder(server)], [1, 'b']);
  assert.equal(server.get().spec?.leaseTransitions, 2);
});

test('a holder that is gone without a word is waited for, for the time that it promised', async () => {
  const time = createFakeTime();
  const server = createLeaseServer();
  const a = startProcess('a', time, server);
  await time.advance(5000);
  const b = startProcess('b', time, server);
  a.clock.freeze();
  await time.advance(14_000);
  assert.equal(b.election.active(), false);
  await time.advance(5000);
  assert.equal(b.election.active(), true);
  assert.equal(a.election.active(), false, 'frozen, and knows without its timers');
  a.clock.thaw();
  await time.advance(100);
  assert.equal(a.acting, 0);
});

test('without the API server the holder stops before its time is over, and acts again when the server is back', async () => {
  const time = createFakeTime();
  const server = createLeaseServer();
  const a = startProcess('a', time, server);
  await time.advance(5000);
  server.away = true;
  await time.advance(7000);
  assert.equal(a.acting, 1, 'a short absence is nothing');
  await time.advance(3500);
  assert.deepEqual([a.election.active(), a.acting], [false, 0]);
  await time.advance(60_000);
  server.away = false;
  await time.advance(20_000);
  assert.deepEqual([a.election.active(), a.acting], [true, 1]);
});

test('somebody else who edits the Lease takes nothing away; one who takes it does', async () => {
  const time = createFakeTime();
  const server = createLeaseServer();
  const a = startProcess('a', time, server);
  await time.advance(5000);
  const { metadata, spec } = server.get();
  server.put({ metadata: { ...metadata, annotations: { note: 'mine' } }, spec: spec ?? {} });
  await time.advance(5000);
  assert.equal(a.election.active(), true);
  assert.deepEqual(server.get().metadata?.annotations, { note: 'mine' });
  server.put({ ...server.get(), spec: { holderIdentity: 'thief', leaseDurationSeconds: 15 } });
  // One period until the renewal that is refused, and one until the Lease is read again.
  await time.advance(5000);
  assert.deepEqual([a.election.active(), a.acting, holder(server)], [false, 0, 'thief']);
});

test('property: whatever happens to processes and server, never are two active; when all is well again one is', {
  timeout: 120_000,
}, async () => {
  const trouble = fc.record({
    afterMs: fc.integer({ min: 0, max: 12_000 }),
    what: fc.constantFrom('freeze', 'thaw', 'away', 'back', 'slow', 'quick', 'restart'),
    who: fc.nat(2),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(trouble, { maxLength: 25 }), fc.infiniteStream(fc.nat(100)), async (troubles, draws) => {
      const time = createFakeTime();
      const server = createLeaseServer();
      let slowness = 1;
      const latency = () => Number(draws.next().value) * slowness;
      let count = 3;
      const processes = ['p0', 'p1', 'p2'].map((name) => startProcess(name, time, server, latency));
      const everybody = [...processes];
      const look = () => {
        const active = everybody.filter(({ election }) => election.active());
        assert.ok(active.length <= 1, `${active.map(({ name }) => name).join(' and ')} at ${time.now} ms`);
      };
      for (const { afterMs, what, who } of troubles) {
        await time.advance(afterMs, look);
        const target = processes[who]!;
        if (what === 'freeze') target.clock.freeze();
        if (what === 'thaw') target.clock.thaw();
        if (what === 'away') server.away = true;
        if (what === 'back') server.away = false;
        if (what === 'slow') slowness = 60;
        if (what === 'quick') slowness = 1;
        if (what === 'restart') {
          void target.election.close();
          processes[who] = startProcess(`p${count}`, time, server, latency);
          everybody.push(processes[who]);
          count += 1;
        }
      }
      server.away = false;
      slowness = 1;
      for (const { clock } of everybody) clock.thaw();
      await time.advance(60_000, look);
      assert.equal(processes.filter(({ election }) => election.active()).length, 1);
      assert.equal(everybody.filter(({ acting }) => acting > 0).length, 1);
      for (const { election } of everybody) void election.close();
      await time.advance(20_000, look);
      assert.equal(holder(server), '', 'given back by the last one');
    }),
    { numRuns: 60 },
  );
});
