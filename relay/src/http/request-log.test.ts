import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ask, openStream } from '../testing/client.ts';
import { eventually } from '../testing/eventually.ts';
import { recordingLogger } from '../testing/logger.ts';
import { KEYS, sampleData, startTestRelay, untilReady } from '../testing/relay.ts';

const CONTEXT = Buffer.from('{"kind":"user","key":"secret-person"}').toString('base64url');

test('at debug each request is a line with method, route, status, time and platform, and without keys or contexts', async () => {
  const logger = recordingLogger();
  const test = await startTestRelay({ log: { level: 'debug' } }, sampleData(), logger);
  try {
    await untilReady(test);
    const stream = await openStream(test.port, '/all', { headers: { Authorization: KEYS.sdk } });
    await ask(test.port, '/sdk/latest-all', { headers: { Authorization: KEYS.sdk } });
    await ask(test.port, `/sdk/evalx/${KEYS.env}/contexts/${CONTEXT}`);
    await ask(test.port, `/msdk/evalx/contexts/${CONTEXT}`, { headers: { Authorization: 'mob-wrong' } });
    await ask(test.port, '/no/such/secret-path');
    await eventually(() => {
      const lines = logger.lines.filter(({ message }) => message === 'request');
      const shown = lines.map((line) => `${line.method} ${line.route} ${line.status} ${line.platform}`);
      assert.deepEqual(shown, [
        'GET /all 200 server',
        'GET /sdk/latest-all 200 server',
        'GET /sdk/evalx/:env/contexts/:context 200 browser',
        'GET /msdk/evalx/contexts/:context 401 mobile',
        'GET unknown 404 undefined',
      ]);
      assert.ok(lines.every((line) => typeof line.ms === 'number'));
    });
    const text = JSON.stringify(logger.lines.filter(({ message }) => message === 'request'));
    for (const secret of [KEYS.sdk, KEYS.env, CONTEXT, 'secret']) assert.ok(!text.includes(secret), secret);
    stream.close();
  } finally {
    await test.close();
  }
});

test('at info there are none', async () => {
  const logger = recordingLogger();
  const test = await startTestRelay({}, sampleData(), logger);
  try {
    await untilReady(test);
    await ask(test.port, '/sdk/latest-all', { headers: { Authorization: KEYS.sdk } });
    assert.deepEqual(
      logger.lines.filter(({ message }) => message === 'request'),
      [],
    );
  } finally {
    await test.close();
  }
});
