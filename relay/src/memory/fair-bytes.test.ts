import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FairBytes, type FairRoom } from './fair-bytes.ts';

const roomOf = (bytes: FairBytes, isPublic: boolean): FairRoom => bytes.roomOf({ owner: {}, isPublic });

/** Takes all that there is for it. */
function fill(...rooms: readonly FairRoom[]): void {
  for (let taken = true; taken; ) {
    taken = false;
    for (const room of rooms) taken = room.take(1) || taken;
  }
}

test('one alone gets three quarters, of all or of what is for public keys', () => {
  const secret = roomOf(new FairBytes(1600), false);
  fill(secret);
  assert.deepEqual([secret.used, secret.limit], [1200, 1200]);
  const open = roomOf(new FairBytes(1600), true);
  fill(open);
  assert.deepEqual([open.used, open.limit], [900, 900]);
});

test('whoever holds the public keys of all environments leaves a quarter to those with secret ones', () => {
  const bytes = new FairBytes(1600);
  fill(...Array.from({ length: 50 }, () => roomOf(bytes, true)));
  assert.ok(bytes.used <= 1200);
  const server = roomOf(bytes, false);
  fill(server);
  assert.ok(server.used >= 300, String(server.used));
});

test('of several that want all each has the same, and one who comes later finds room', () => {
  const bytes = new FairBytes(1300);
  const rooms = Array.from({ length: 4 }, () => roomOf(bytes, false));
  fill(...rooms);
  assert.deepEqual(
    rooms.map(({ used }) => used),
    [300, 300, 300, 300],
  );
  const late = roomOf(bytes, false);
  fill(late);
  assert.equal(late.used, 75);
});

test('the room of an environment is the same one each time, with public keys and with secret ones apart', () => {
  const bytes = new FairBytes(100);
  const owner = {};
  bytes.roomOf({ owner, isPublic: true }).take(10);
  assert.equal(bytes.roomOf({ owner, isPublic: true }).used, 10);
  assert.equal(bytes.roomOf({ owner, isPublic: false }).used, 0);
});

test('what is refused is counted, and takes nothing', () => {
  const bytes = new FairBytes(100);
  const room = roomOf(bytes, false);
  assert.equal(room.take(76), false);
  assert.deepEqual([bytes.used, bytes.refused, room.take(0)], [0, 1, true]);
});

test('the limit holds whatever is taken and given, and all that is given back is there again', () => {
  const steps = fc.array(fc.tuple(fc.nat(9), fc.integer({ min: 1, max: 400 }), fc.boolean()), { maxLength: 300 });
  fc.assert(
    fc.property(steps, (given) => {
      const bytes = new FairBytes(10_000);
      const rooms = Array.from({ length: 10 }, (_, index) => roomOf(bytes, index % 2 === 0));
      for (const [who, size, takes] of given) {
        const room = rooms[who]!;
        if (takes) room.take(size);
        else room.give(Math.min(size, room.used));
        const sum = (some: readonly FairRoom[]) => some.reduce((total, { used }) => total + used, 0);
        assert.equal(bytes.used, sum(rooms));
        assert.ok(bytes.used <= bytes.limit && sum(rooms.filter(({ isPublic }) => isPublic)) <= 7_500);
        assert.ok(roomOf(bytes, false).fits(400), 'another one with a secret key finds room');
      }
      for (const room of rooms) room.give(room.used);
      assert.equal(bytes.used, 0);
    }),
  );
});
