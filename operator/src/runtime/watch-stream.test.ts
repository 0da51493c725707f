import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ApiError, TransportError } from '@flagrelay/kube/api-error';
import fc from 'fast-check';
import { parseWatchEvent, readLines } from './watch-stream.ts';

async function* stream(chunks: readonly Uint8Array[]) {
  yield* chunks;
}

async function lines(chunks: readonly Uint8Array[]): Promise<string[]> {
  const result: string[] = [];
  for await (const line of readLines(stream(chunks), 'GET /watch')) result.push(line);
  return result;
}

describe('watch lines', () => {
  it('are whole however the bytes are cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.string({ unit: 'grapheme', minLength: 1 }).map((text) => JSON.stringify(text)),
          { maxLength: 6 },
        ),
        fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 }),
        async (wanted, cuts) => {
          const bytes = Buffer.from(wanted.map((line) => `${line}\n`).join(''));
          const chunks: Uint8Array[] = [];
          for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
            const size = cuts[turn % cuts.length]!;
            chunks.push(bytes.subarray(at, at + size));
            at += size;
          }
          assert.deepEqual(await lines(chunks), wanted);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('that end without a line end were cut off', async () => {
    await assert.rejects(
      lines([Buffer.from('{"type":"ADD')]),
      (error) => error instanceof TransportError && error.kind === 'protocol',
    );
  });

  it('without end do not fill the memory', async () => {
    const chunk = Buffer.alloc(4 * 1024 * 1024, 'x');
    await assert.rejects(lines(Array.from({ length: 5 }, () => chunk)), /exceeds 16 MiB/);
  });
});

describe('watch event', () => {
  const parse = (value: unknown) => parseWatchEvent(JSON.stringify(value), 'GET /watch');

  it('is parsed', () => {
    assert.deepEqual(parse({ type: 'ADDED', object: { metadata: { name: 'a' } } }), {
      type: 'ADDED',
      object: { metadata: { name: 'a' } },
    });
  });

  it('of type ERROR is thrown with its code', () => {
    const status = {
      kind: 'Status',
      code: 410,
      reason: 'Expired',
      message: 'too old',
      details: { retryAfterSeconds: 2 },
    };
    assert.throws(
      () => parse({ type: 'ERROR', object: status }),
      (error) =>
        error instanceof ApiError && error.code === 410 && error.reason === 'Expired' && error.retryAfterMs === 2000,
    );
  });

  for (const [what, value] of [
    ['an unknown type', { type: 'NEWS', object: {} }],
    ['no object', { type: 'ADDED' }],
    ['null', null],
  ] as const) {
    it(`with ${what} is refused`, () => {
      assert.throws(
        () => parse(value),
        (error) => error instanceof TransportError && error.kind === 'protocol',
      );
    });
  }

  it('that is not JSON is refused', () => {
    assert.throws(() => parseWatchEvent('<html>', 'GET /watch'), /is not JSON/);
  });
});
