import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createElector, type ElectionTiming, type ElectorOptions, LeadershipLostError } from './elector.ts';
import { createFakeClock, type FakeClock, settle } from './testing/fake-clock.ts';
import { createFakeLeases } from './testing/fake-leases.ts';

type Leases = ReturnType<typeof createFakeLeases>;

/** client-go's. */
const TIMING: ElectionTiming = {
  leaseMs: 15_000,
  deadlineMs: 10_000,
  periodMs: 2_000,
  standbyJitter: 1.2,
  renewalJitter: 0,
};

function elect(leases: Leases, clock: FakeClock, identity = 'one', options: Partial<ElectorOptions> = {}) {
  return createElector({
    ...{ transport: leases.transport, identity, timing: TIMING, news: () => undefined, clock, random: () => 0.5 },
    ...options,
  });
}

/** One candidate on a clock of its own choice; `leads` follows the calls of its lead function. */
function candidate(identity: string, leases: Leases, clock: FakeClock) {
  const stop = new AbortController();
  const finish = Promise.withResolvers<void>();
  const state = { leads: false, outcome: undefined as 'stopped' | Error | undefined };
  const elector = elect(leases, clock, identity);
  const running = elector
    .run(stop.signal, async (signal) => {
      state.leads = true;
      await Promise.race([finish.promise, new Promise((resolve) => signal.addEventListener('abort', resolve))]);
      state.leads = false;
    })
    .then(
      () => {
        state.outcome = 'stopped';
      },
      (error: Error) => {
        state.outcome = error;
      },
    );
  return { elector, state, stop, running };
}

describe('leader election', () => {
  it('creates the lease, renews it each two seconds and keeps its acquireTime', async () => {
    const [leases, clock] = [createFakeLeases(), createFakeClock()];
    const one = candidate('one', leases, clock);
    await settle();
    assert.equal(one.state.leads, true);
    assert.deepEqual(leases.lease?.spec, {
      holderIdentity: 'one',
      leaseDurationSeconds: 15,
      acquireTime: '2026-01-01T00:00:00.000000Z',
      renewTime: '2026-01-01T00:00:00.000000Z',
      leaseTransitions: 0,
    });
    await clock.advance(60_000);
    assert.equal(one.elector.isLeader(), true);
    assert.equal(leases.lease?.spec?.renewTime, '2026-01-01T00:01:00.000000Z');
    assert.equal(leases.lease?.spec?.acquireTime, '2026-01-01T00:00:00.000000Z');
    one.stop.abort();
    await one.running;
  });

  it('has one leader of two, and hands over at once when the first stops', async () => {
    const [leases, clock] = [createFakeLeases(), createFakeClock()];
    const one = candidate('one', leases, clock);
    await settle();
    const two = candidate('two', leases, clock);
    await clock.advance(120_000);
    assert.deepEqual([one.elector.isLeader(), two.elector.isLeader()], [true, false]);
    one.stop.abort();
    await one.running;
    assert.equal(one.state.outcome, 'stopped');
    assert.equal(leases.holder, '');
    await clock.advance(4_400); // one retry period with its jitter
    assert.equal(two.elector.isLeader(), true);
    assert.equal(leases.lease?.spec?.leaseTransitions, 1);
    two.stop.abort();
    await two.running;
  });

  it('takes the lease of a dead leader only after watching it for the whole duration', async () => {
    const [leases, clock] = [createFakeLeases(), createFakeClock()];
    const dead = candidate('dead', leases, createFakeClock()); // its clock stands still: it never renews
    await settle();
    assert.equal(leases.holder, 'dead');
    clock.jumpWall(3_600_000); // a wrong wall clock must not matter
    const two = candidate('two', leases, clock);
    await settle();
    await clock.advance(14_900);
    assert.equal(two.elector.isLeader(), false);
    await clock.advance(4_400);
    assert.equal(two.elector.isLeader(), true);
    dead.stop.abort();
    two.stop.abort();
    await Promise.all([dead.running, two.running]);
  });

  it('stops acting ten seconds after the last renewal when the API server is gone', async () => {
    const [leases, clock] = [createFakeLeases(), createFakeClock()];
    const one = candidate('one', leases, clock);
    await settle();
    leases.fail(new Error('connection refused'));
    await clock.advance(9_999);
    assert.equal(one.elector.isLeader(), true);
    await clock.advance(1);
    assert.equal(one.elector.isLeader(), false);
    assert.equal(one.state.leads, false);
    await one.running;
    assert.ok(one.state.outcome instanceof LeadershipLostError);
  });

  it('stops acting in time when a renewal hangs, and a late answer does not bring leadership back', async () => {
    const [leases, clock] = [createFakeLeases(), createFakeClock()];
    const one = candidate('one', leases, clock);
    await settle();
    const answer = leases.hang();
    await clock.advance(10_000);
    assert.equal(one.elector.isLeader(), false);
    answer();
    await one.running;
    assert.equal(one.elector.isLeader(), false);
    assert.equal(leases.holder, 'one', 'what was lost is not given back');
    assert.ok(one.state.outcome instanceof LeadershipLostError);
  });

  it('knows at once that it does not lead when it was frozen, before any timer has fired', async () => {
    const [leases, clock] = [createFakeLeases(), createFakeClock()];
    const one = candidate('one', leases, clock);
    await settle();
    clock.freeze(16_000);
    assert.equal(one.elector.isLeader(), false);
    assert.equal(one.elector.leaseRemainingMs(), 0);
    await clock.advance(0);
    await one.running;
    assert.ok(one.state.outcome instanceof LeadershipLostError);
    assert.equal(leases.lease?.spec?.renewTime, '2026-01-01T00:00:00.000000Z');
  });

  it('counts the wall clock too: a suspended machine may not count its sleep', async () => {
    const [leases, clock] = [createFakeLeases(), createFakeClock()];
    const one = candidate('one', leases, clock);
    await settle();
    clock.jumpWall(11_000);
    assert.equal(one.elector.isLeader(), false);
    await clock.advance(2_000);
    await one.running;
    assert.ok(one.state.outcome instanceof LeadershipLostError);
  });

  it('loses when somebody else wrote their name into the lease', async () => {
    const [leases, clock] = [createFakeLeases(), createFakeClock()];
    const one = candidate('one', leases, clock);
    await settle();
    const lease = leases.lease!;
    await leases.transport.replace({ ...lease, spec: { ...lease.spec, holderIdentity: 'usurper' } });
    await clock.advance(2_000);
    await one.running;
    assert.ok(one.state.outcome instanceof LeadershipLostError);
    assert.equal(leases.holder, 'usurper');
  });

  it('survives that its lease is deleted', async () => {
    const [leases, clock] = [createFakeLeases(), createFakeClock()];
    const one = candidate('one', leases, clock);
    await settle();
    leases.delete();
    await clock.advance(6_000);
    assert.equal(one.elector.isLeader(), true);
    assert.equal(leases.holder, 'one');
    one.stop.abort();
    await one.running;
  });

  it('keeps renewing while work is drained, and gives the lease back after it', async () => {
    const [leases, clock] = [createFakeLeases(), createFakeClock()];
    const drained = Promise.withResolvers<void>();
    const stop = new AbortController();
    const elector = elect(leases, clock);
    const running = elector.run(stop.signal, () => drained.promise);
    await settle();
    stop.abort();
    await clock.advance(25_000);
    assert.equal(elector.isLeader(), true);
    assert.equal(leases.holder, 'one');
    drained.resolve();
    await running;
    assert.equal(leases.holder, '');
    assert.equal(elector.isLeader(), false);
    assert.equal(clock.pending, 0);
  });

  it('writes after a request whose fate is unknown only when it has read what became of it', async () => {
    const [leases, clock] = [createFakeLeases(), createFakeClock()];
    const one = candidate('one', leases, clock);
    await settle();
    leases.loseAnswers(true);
    await clock.advance(2_000);
    leases.loseAnswers(false);
    await clock.advance(2_000);
    assert.equal(one.elector.isLeader(), true);
    assert.equal(leases.lease?.spec?.renewTime, '2026-01-01T00:00:04.000000Z');
    assert.equal(leases.conflicts, 0);
    one.stop.abort();
    await one.running;
    assert.equal(leases.holder, '');
  });

  it('gives the lease back although the answer to its last renewal was lost', async () => {
    const [leases, clock] = [createFakeLeases(), createFakeClock()];
    const one = candidate('one', leases, clock);
    await settle();
    leases.loseAnswers(true);
    await clock.advance(2_000);
    leases.loseAnswers(false);
    one.stop.abort();
    await one.running;
    assert.equal(leases.holder, '');
  });

  it('loses a lease that is deleted when it is not its to make, and stands for election again', async () => {
    const [leases, clock] = [createFakeLeases(), createFakeClock()];
    await leases.transport.create({ spec: {} });
    const { read, replace } = leases.transport;
    const elector = elect(leases, clock, 'one', { transport: { read, replace } });
    const stop = new AbortController();
    const untilAbort = (signal: AbortSignal) =>
      new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    const lost = assert.rejects(elector.run(stop.signal, untilAbort), /the lease was deleted/);
    await settle();
    leases.delete();
    await clock.advance(2_000);
    await lost;
    const again = elector.run(stop.signal, untilAbort);
    await leases.transport.create({ spec: {} });
    await clock.advance(5_000);
    assert.equal(elector.isLeader(), true);
    stop.abort();
    await again;
    assert.equal(leases.holder, '');
  });

  it('passes on the failure of what it leads', async () => {
    const [leases, clock] = [createFakeLeases(), createFakeClock()];
    const elector = elect(leases, clock);
    const running = elector.run(new AbortController().signal, () => Promise.reject(new Error('broken')));
    await assert.rejects(running, /broken/);
    assert.equal(leases.holder, '');
  });

  it('refuses times that do not fit', () => {
    const make = (deadlineMs: number) =>
      elect(createFakeLeases(), createFakeClock(), 'one', { timing: { ...TIMING, deadlineMs } });
    assert.throws(() => make(15_000), /leaseDuration \(15000 ms\) > renewDeadline \(15000 ms\)/);
    assert.throws(() => make(2_000), RangeError);
  });
});

describe('two candidates, any outage', () => {
  it('are never leaders at the same time', async () => {
    const leases = createFakeLeases();
    const clock = createFakeClock();
    const both = [candidate('one', leases, clock), candidate('two', leases, clock)];
    for (let second = 0; second < 300; second += 1) {
      if (second % 50 === 20) leases.fail(new Error('outage'));
      if (second % 50 === 20 + (second % 17)) leases.fail(undefined);
      for (const [index, one] of both.entries()) {
        if (one.state.outcome) both[index] = candidate(`${second}-${index}`, leases, clock); // its process restarts
      }
      await clock.advance(1_000);
      const leaders = both.filter(({ elector }) => elector.isLeader());
      assert.ok(leaders.length <= 1, `two leaders at second ${second}`);
    }
    leases.fail(undefined);
    for (const one of both) one.stop.abort();
    await clock.advance(1_000);
    await Promise.all(both.map(({ running }) => running));
  });
});
