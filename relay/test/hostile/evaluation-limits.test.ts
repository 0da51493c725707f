import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { CompiledData } from '../../src/dialects/launchdarkly/evaluation/compiled.ts';
import { TooCostlyError } from '../../src/dialects/launchdarkly/evaluation/pattern.ts';
import { LARGE_CONTEXT_CHARS } from '../../src/dialects/launchdarkly/evaluation/turns.ts';
import { parseContext } from '../../src/dialects/launchdarkly/model/context.ts';
import { compileItems } from '../../src/testing/evaluation.ts';
import { LIMITS } from './support/limits.ts';

const OPTIONS = { audience: 'server', withReasons: true } as const;
/** A request of a probe waits for one such stop, and must not wait for 1 s. */
const LONGEST_STOP_MS = 1000;

/** Time of a call in ms: of this thread, so that other work of the machine does not count. */
function timed(work: () => unknown): number {
  const start = process.threadCpuUsage();
  work();
  const { user, system } = process.threadCpuUsage(start);
  return (user + system) / 1000;
}

/** The longest step of an evaluation, all of them together, and its result; undefined when it is refused. */
function stepped(data: CompiledData, text: string): { longest: number; total: number; result: string | undefined } {
  const steps = data.evaluateInSteps(parseContext(text), OPTIONS);
  let longest = 0;
  let total = 0;
  for (;;) {
    let step: IteratorResult<void, string[]> | undefined;
    const ms = timed(() => {
      try {
        step = steps.next();
      } catch (error) {
        assert.ok(error instanceof TooCostlyError);
      }
    });
    total += ms;
    longest = Math.max(longest, ms);
    if (step === undefined) return { longest, total, result: undefined };
    if (step.done === true) return { longest, total, result: step.value.join('') };
  }
}

describe('no evaluation stops the relay for long, whatever the context and the data', () => {
  for (const { name, flags, segments, context } of LIMITS) {
    test(name, () => {
      const data = compileItems(flags, segments);
      const small = context(LARGE_CONTEXT_CHARS);
      assert.ok(small.length <= LARGE_CONTEXT_CHARS);
      const atOnce = timed(() =>
        assert.equal(data.evaluateAll(parseContext(small), OPTIONS), stepped(data, small).result),
      );
      const again = timed(() => data.evaluateAll(parseContext(small), OPTIONS));
      const large = context(2 ** 20);
      const parsing = timed(() => parseContext(large));
      const { longest, total, result } = stepped(data, large);
      const round = (ms: number): string => ms.toFixed(1);
      console.log(
        `# ${name}: ${LARGE_CONTEXT_CHARS / 1024} KiB at once ${round(again)} ms (first and in steps ${round(atOnce)}); 1 MiB parsing ${round(parsing)} ms, ` +
          `longest stop ${round(longest)} ms of ${round(total)}${result === undefined ? ', refused' : ''}`,
      );
      assert.ok(Math.max(again, parsing, longest) < LONGEST_STOP_MS);
    });
  }
});
