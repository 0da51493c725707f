import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LIMITS } from './support/limits.ts';
import { ATTACKED, startVictim } from './support/victim.ts';

/** Nearly the most that a relay takes for a context. */
const SIZE = 2 ** 20 - 1000;
/** Requests at a time. */
const TOGETHER = 2;

/** Those that took the longest before evaluations took turns. */
const WORST = [
  'rollouts by a long key',
  'version of many digits',
  'contains: a clause of 10,000',
  'long list of versions',
];

for (const limit of LIMITS.filter(({ name }) => WORST.some((worst) => name.includes(worst)))) {
  test(`others are served while contexts of 1 MiB are evaluated: ${limit.name}`, async () => {
    const flags = Object.fromEntries(
      limit.flags.map((flag) => [flag.key, { ...flag, clientSideAvailability: { usingEnvironmentId: true } }]),
    );
    await using victim = await startVictim({ flags, env: { MAX_CLIENT_REQUEST_BODY_SIZE: '2MB' } });
    const body = limit.context(SIZE);
    // Without a limit of time: how long they take says little on a machine that does something else, too.
    const report = async (path: string, method: string, text: string) => {
      const authorization = path.startsWith('/ofrep') ? `Bearer ${ATTACKED.env}` : ATTACKED.env;
      const answer = await fetch(`http://127.0.0.1:${victim.port}${path}`, {
        method,
        headers: { authorization, 'Content-Type': 'application/json' },
        body: text,
      });
      return { status: answer.status, text: await answer.text() };
    };
    const attack = () =>
      Promise.all([
        ...Array.from({ length: TOGETHER }, () => report(`/sdk/evalx/${ATTACKED.env}/context`, 'REPORT', body)),
        report('/sdk/poll/eval', 'POST', body),
        report('/ofrep/v1/evaluate/flags', 'POST', `{"context":${body.replace('"key"', '"targetingKey"')}}`),
      ]);
    // A relay that lives but was slow may have shared its machine with something else: only twice in a row is it the context.
    const { result } = await victim.survives(attack).catch((error: unknown) => {
      if (!victim.running) throw error;
      return victim.survives(attack);
    });
    // A list of more values than a context may have is refused before it is parsed.
    if (result.every(({ status, text }) => status === 400 && text.includes('more than 100000 values'))) return;
    for (const { status, text } of result) assert.equal(status, 200, text.slice(0, 200));
    assert.equal(new Set(result.slice(0, TOGETHER).map(({ text }) => text)).size, 1);
    assert.ok((await victim.metric('flagrelay_large_evaluations_total')) >= result.length);
  });
}
