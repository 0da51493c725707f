import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  doubted,
  type ElectionState,
  held,
  lapsed,
  leads,
  nextStep,
  reentered,
  resigned,
  sighted,
  sinceRenewal,
  UNSEEN,
} from './election.ts';
import type { Lease } from './lease.ts';

const me = { identity: 'me', leaseMs: 15_000, deadlineMs: 10_000 };
const lease = (holderIdentity: string, resourceVersion = '1', seconds = 15): Lease => ({
  metadata: { resourceVersion },
  spec: { holderIdentity, leaseDurationSeconds: seconds },
});
const begun = { mono: 100, wall: 1_000_000 };
const later = (ms: number) => ({ mono: begun.mono + ms, wall: begun.wall + ms });
const standby = (holder: string): ElectionState => sighted(UNSEEN, lease(holder), 0, me);
const leading = held(standby(''), lease('me', '2'), begun, 110);
const lost = lapsed(leading, 'not renewed in time');

describe('an election', () => {
  it('begins by reading, and creates what is not there', () => {
    assert.equal(nextStep(UNSEEN, 0, me), 'read');
    const absent = sighted(UNSEEN, undefined, 0, me);
    assert.equal(absent.name, 'absent');
    assert.equal(nextStep(absent, 0, me), 'create');
  });

  it('takes a lease that is free or its own at once', () => {
    assert.equal(nextStep(standby(''), 0, me), 'replace');
    assert.equal(nextStep(standby('me'), 0, me), 'replace');
  });

  it('waits for another holder as long as that one promised, from when its last renewal was first seen', () => {
    assert.equal(nextStep(standby('other'), 14_999, me), 'wait');
    assert.equal(nextStep(standby('other'), 15_000, me), 'replace');
    const same = sighted(standby('other'), lease('other'), 14_000, me);
    assert.equal(nextStep(same, 15_000, me), 'replace', 'seen again at the same version');
    const renewed = sighted(standby('other'), lease('other', '2', 30), 14_000, me);
    assert.equal(nextStep(renewed, 43_999, me), 'wait');
    assert.equal(nextStep(renewed, 44_000, me), 'replace');
  });

  it('leads from the moment when the renewal was begun, by the clock that went further', () => {
    assert.equal(sinceRenewal(leading, later(9_999)), 9_999);
    assert.equal(leads(leading, later(9_999), me), true);
    assert.equal(leads(leading, later(10_000), me), false);
    assert.equal(leads(leading, { mono: begun.mono, wall: begun.wall + 10_000 }, me), false);
    assert.equal(leads(leading, { mono: begun.mono + 10_000, wall: begun.wall - 5_000 }, me), false);
    assert.equal(leads(standby(''), begun, me), false);
  });

  it('reads after a request whose fate it does not know', () => {
    const inDoubt = doubted(leading);
    assert.equal(nextStep(leading, 0, me), 'replace');
    assert.equal(nextStep(inDoubt, 0, me), 'read');
    assert.equal(nextStep(sighted(inDoubt, lease('me', '3'), 200, me), 0, me), 'replace');
    assert.deepEqual(doubted(standby('')), standby(''));
  });

  it('goes on leading when somebody annotates, frees or deletes its lease, and loses it to another name', () => {
    assert.equal(sighted(leading, lease('me', '9'), 200, me).name, 'leading');
    assert.equal(sighted(leading, lease('', '9'), 200, me).name, 'leading');
    const deleted = sighted(leading, undefined, 200, me);
    assert.deepEqual([deleted.name, nextStep(deleted, 200, me)], ['leading', 'create']);
    const taken = sighted(leading, lease('other', '9'), 200, me);
    assert.deepEqual([taken.name, taken.name === 'lost' && taken.why], ['lost', 'another process holds the lease']);
  });

  it('does not come back from a loss by whatever is answered late', () => {
    assert.equal(held(lost, lease('me', '3'), later(1), 120), lost);
    assert.equal(sighted(lost, lease('me', '3'), 120, me), lost);
    assert.equal(resigned(lost), lost);
    assert.equal(nextStep(lost, 1e9, me), 'wait');
  });

  it('stands for election again with what it saw', () => {
    assert.equal(reentered(lost).name, 'standby');
    assert.equal(reentered(lapsed(sighted(leading, undefined, 0, me), 'not renewed in time')).name, 'absent');
    assert.equal(reentered(leading), leading);
  });

  it('gives up only what it has', () => {
    assert.equal(resigned(leading).name, 'standby');
    assert.deepEqual(resigned(standby('other')), standby('other'));
    assert.deepEqual(lapsed(standby('other'), 'not renewed in time'), standby('other'));
    assert.equal(held(UNSEEN, lease('me'), begun, 0), UNSEEN, 'nothing was sent before the first read');
  });
});
