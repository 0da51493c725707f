import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ApiError } from '@flagrelay/kube/api-error';
import { createFakeClock, settle } from '@flagrelay/kube/testing/fake-clock';
import { createEventRecorder } from './event-recorder.ts';
import { cutNote, type EventInput, type KubernetesEvent } from './event-types.ts';
import type { KubernetesObject, ObjectRef, ResourceType } from './objects.ts';
import type { Patch } from './rest-types.ts';
import { configMap, recordingLogger, testMetrics } from './testing/fixtures.ts';

function setUp() {
  const clock = createFakeClock();
  const created: KubernetesEvent[] = [];
  const patched: { ref: ObjectRef; patch: Patch }[] = [];
  const fails: unknown[] = [];
  const client = {
    async create<T extends KubernetesObject>(_type: ResourceType<T>, object: T): Promise<T> {
      if (fails.length > 0) throw fails.shift();
      created.push(object as KubernetesEvent);
      return object;
    },
    async patch<T extends KubernetesObject>(_type: ResourceType<T>, ref: ObjectRef, patch: Patch): Promise<T> {
      if (fails.length > 0) throw fails.shift();
      patched.push({ ref, patch });
      return {} as T;
    },
  };
  const logger = recordingLogger();
  const stop = new AbortController();
  const who = { reportingController: 'test/controller', reportingInstance: 'pod-1' };
  const recorder = createEventRecorder({ client, ...who, clock, logger, metrics: testMetrics() });
  return { recorder, clock, created, patched, fails, logger, stop };
}

const event: EventInput = {
  regarding: configMap('n/a', '7'),
  type: 'Warning',
  reason: 'SecretNotFound',
  action: 'Reconcile',
  note: 'Secret x is missing',
};

describe('event recorder', () => {
  it('sends in the background and counts repeats in the series', async () => {
    const { recorder, created, patched, stop, clock } = setUp();
    const running = recorder.run(stop.signal);
    recorder.record(event);
    recorder.record(event);
    recorder.record(event);
    await settle();
    assert.equal(created.length, 1);
    assert.match(created[0]?.metadata?.name ?? '', /^a\.[0-9a-f]{16}$/);
    assert.equal(patched[0]?.ref.name, created[0]?.metadata?.name);
    await clock.advance(90_000);
    assert.deepEqual(
      patched.map(({ patch }) => patch.type === 'merge' && (patch.body as KubernetesEvent).series?.count),
      [2, 3],
    );
    stop.abort();
    await running;
  });

  it('makes the event anew when it has expired on the server', async () => {
    const { recorder, created, fails, stop } = setUp();
    const running = recorder.run(stop.signal);
    recorder.record(event);
    await settle();
    fails.push(new ApiError({ code: 404, reason: 'NotFound', message: 'gone', request: 'PATCH /x' }));
    recorder.record(event);
    await settle();
    assert.equal(created.length, 2);
    assert.equal(created[1]?.series, undefined);
    assert.notEqual(created[1]?.metadata?.name, created[0]?.metadata?.name);
    stop.abort();
    await running;
  });

  it('gives an event up that the server refuses, with one warning, and goes on', async () => {
    const { recorder, created, fails, logger, stop } = setUp();
    const running = recorder.run(stop.signal);
    fails.push(new ApiError({ code: 403, reason: 'Forbidden', message: 'namespace ends', request: 'POST /x' }));
    recorder.record(event);
    await settle();
    recorder.record({ ...event, note: 'another' });
    await settle();
    assert.equal(created.length, 1);
    assert.equal(logger.lines.filter(({ level }) => level === 'warn').length, 1);
    stop.abort();
    await running;
  });

  it('sends what is queued when it stops', async () => {
    const { recorder, created, stop } = setUp();
    recorder.record(event);
    stop.abort();
    await recorder.run(stop.signal);
    assert.equal(created.length, 1);
  });

  it('drops what does not fit into its memory', async () => {
    const { recorder, created, stop } = setUp();
    for (let i = 0; i < 1_500; i += 1) recorder.record({ ...event, regarding: configMap(`n/${i}`, '1') });
    stop.abort();
    await recorder.run(stop.signal);
    assert.equal(created.length, 1_000);
  });

  it('writes no credential', async () => {
    const { recorder, created, stop } = setUp();
    recorder.record({ ...event, note: 'refused sdk-01234567-89ab-cdef-0123-456789abcdef' });
    stop.abort();
    await recorder.run(stop.signal);
    assert.equal(created[0]?.note, 'refused sdk-[redacted]');
  });
});

describe('note', () => {
  it('is cut at 1024 bytes, at a whole character', () => {
    assert.equal(cutNote('short'), 'short');
    for (const text of ['x'.repeat(2000), 'ü'.repeat(2000), '😀'.repeat(2000)]) {
      const cut = cutNote(text);
      assert.ok(Buffer.byteLength(cut) <= 1024 && Buffer.byteLength(cut) > 1015);
      assert.ok(cut.endsWith('…') && !cut.includes('\uFFFD'));
    }
  });
});
