import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ReadBounds, SlowReaders } from './slow-readers.ts';
import type { WatchedSocket } from './watched-socket.ts';

const BOUNDS: ReadBounds = { unreadTimeoutMs: 30_000, minBytesPerSecond: 1_000, slackMs: 10_000, maxMs: 0 };

/** A connection for which so much was written, of which so much waits, and so much of that in the kernel's queue. */
const socketWith = (written: number, pending: number, queued: number) =>
  ({ bytesWritten: written, writableLength: pending, _handle: { writeQueueSize: queued } }) as unknown as WatchedSocket;

/** Looks every second at one connection until it is cut; answers why and when, or undefined after `seconds`. */
function fate(bounds: Partial<ReadBounds>, seconds: number, at: (second: number) => [number, number, number]) {
  const readers = new SlowReaders({ ...BOUNDS, ...bounds });
  const socket = socketWith(0, 0, 0) as unknown as { bytesWritten: number; writableLength: number; _handle: object };
  for (let second = 0; second <= seconds; second++) {
    const [written, pending, queued] = at(second);
    Object.assign(socket, { bytesWritten: written, writableLength: pending, _handle: { writeQueueSize: queued } });
    const fault = readers.look(socket as unknown as WatchedSocket, second * 1000);
    if (fault !== undefined) return [fault, second];
  }
  return undefined;
}

test('who reads nothing is cut after the time for that', () => {
  assert.deepEqual(
    fate({ minBytesPerSecond: 0 }, 100, () => [1000, 500, 500]),
    ['unread', 30],
  );
  assert.equal(
    fate({ minBytesPerSecond: 0, unreadTimeoutMs: 0 }, 100, () => [1000, 500, 500]),
    undefined,
  );
});

test('who reads less than the floor is cut once the slack is over, in the middle of one large write as well as between many', () => {
  assert.deepEqual(
    fate({}, 100, (s) => [1e6, 1e6, 1e6 - s]),
    ['slow', 11],
  );
  assert.deepEqual(
    fate({}, 100, (s) => [1e6 + 100 * s, 1e6, 1e6]),
    ['slow', 12],
  );
});

test('who reads as fast as the floor stays, and so does a stream that is written to as fast as it reads', () => {
  assert.equal(
    fate({}, 100, (s) => [1e6, 1e6, 1e6 - 1_000 * s]),
    undefined,
  );
  assert.equal(
    fate({}, 100, (s) => [1e6 + 1_000 * s, 5_000, 5_000]),
    undefined,
  );
});

test('the time starts anew when nothing waited in between', () => {
  assert.equal(
    fate({}, 100, (s) => [1e6, s % 9 === 0 ? 0 : 1e5, 1e5]),
    undefined,
  );
});

test('with a longest time even who reads fast is cut after it', () => {
  assert.deepEqual(
    fate({ maxMs: 20_000 }, 100, (s) => [1e6 + 1e5 * s, 5_000, 5_000]),
    ['slow', 20],
  );
});
