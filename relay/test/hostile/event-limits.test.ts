import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { eventTexts, parseBatch } from '../../src/dialects/launchdarkly/events/batch.ts';
import { readEvent } from '../../src/dialects/launchdarkly/events/received-event.ts';
import { JsonBoundsError } from '../../src/json/json-bounds.ts';

/** As much as a batch may have, nearly. */
const SIZE = 5 * 1024 * 1024 - 1_000;
/** A request of a probe waits for one such stop, and must not wait for 1 s. */
const LONGEST_STOP_MS = 1000;
const CONTEXT = '"context":{"kind":"user","key":"a"}';

function filled(element: string): string {
  return `[${Array(Math.floor(SIZE / (element.length + 1)))
    .fill(element)
    .join()}]`;
}

function custom(members: string): string {
  return `[{"kind":"custom","creationDate":1,"key":"k",${members}}]`;
}

function members(count: number, make: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => make(index)).join();
}

const BODIES: Readonly<Record<string, string>> = {
  'white space before an event': `[${' '.repeat(SIZE)}{"kind":"custom","key":"k",${CONTEXT}}]`,
  'white space in an event': custom(`${' '.repeat(SIZE)}${CONTEXT}`),
  'white space in a context': custom(`"context":{"kind":"user",${' '.repeat(SIZE)}"key":"a"}`),
  'numbers of one digit': filled('1'),
  'numbers of many digits': filled('123456789012345678901234567890'),
  'empty arrays': filled('[]'),
  'empty events': filled('{"a":1}'),
  'small events': filled(`{"kind":"custom","creationDate":1,"key":"k",${CONTEXT}}`),
  'events of flags': filled(`{"kind":"feature","creationDate":1,"key":"f","version":1,"value":true,${CONTEXT}}`),
  depth: `[${custom(`${CONTEXT},"data":${'['.repeat(9_900)}${']'.repeat(9_900)}`).slice(1, -1)},"${'x'.repeat(SIZE - 20_000)}"]`,
  'a long text': custom(`${CONTEXT},"data":"${'x'.repeat(SIZE)}"`),
  'a text of escapes': custom(`${CONTEXT},"data":"${'\\u00e9'.repeat(SIZE / 6)}"`),
  'a text of escaped quotes': custom(`${CONTEXT},"data":"${'\\"'.repeat(SIZE / 2)}"`),
  'a text of backslashes': custom(`${CONTEXT},"data":"${'\\\\'.repeat(SIZE / 2)}"`),
  'many members in an event': custom(`${CONTEXT},${members(300_000, (index) => `"m${index}":1`)}`),
  'many members in a context': custom(`"context":{"key":"a",${members(300_000, (index) => `"m${index}":1`)}}`),
  'many kinds in a context': custom(`"context":{"kind":"multi",${members(160_000, (i) => `"m${i}":{"key":"a"}`)}}`),
};

/** Time of a call in ms: of this thread, so that other work of the machine does not count. */
function timed<T>(work: () => T): { readonly ms: number; readonly result: T } {
  const start = process.threadCpuUsage();
  const result = work();
  const { user, system } = process.threadCpuUsage(start);
  return { ms: (user + system) / 1000, result };
}

describe('no batch of events stops the relay for long, whatever is in its 5 MiB', () => {
  for (const [name, text] of Object.entries(BODIES)) {
    // Of schema 1 and 2 the events are taken apart one by one, of 3 and 4 they are passed on as they are.
    for (const summarised of [true, false]) {
      test(`${name}, ${summarised ? 'summarised' : 'as they are'}`, () => {
        const body = Buffer.from(text);
        let refused = false;
        const { ms, result: texts } = timed(() => {
          try {
            const batch = parseBatch(body, { maxValues: 500_000, spans: summarised });
            return batch === undefined || !summarised ? [] : eventTexts(batch);
          } catch (error) {
            assert.ok(error instanceof JsonBoundsError);
            refused = true;
            return [];
          }
        });
        // The others take turns with everything else.
        let longest = 0;
        for (const one of texts.length > 1000 ? texts.slice(0, 1) : texts) {
          longest = Math.max(
            longest,
            timed(() => {
              try {
                readEvent(one);
              } catch (error) {
                assert.ok(error instanceof Error && error.name !== 'RangeError');
              }
            }).ms,
          );
        }
        const all = timed(() => {
          for (const one of texts) {
            try {
              readEvent(one);
            } catch {
              // Counted as invalid by who calls.
            }
          }
        }).ms;
        console.log(
          `# ${name}: read ${ms.toFixed(1)} ms, longest event ${longest.toFixed(1)} ms, all ${texts.length} events ${all.toFixed(1)} ms${refused ? ', refused' : ''}`,
        );
        assert.ok(Math.max(ms, longest) < LONGEST_STOP_MS);
      });
    }
  }
});
