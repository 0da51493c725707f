import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { RelayDocument } from '../config/document.ts';
import { ask, openStream } from '../testing/client.ts';
import { startEventSink } from '../testing/event-sink.ts';
import { eventually } from '../testing/eventually.ts';
import { KEYS, sampleData, simpleFlag, startTestRelay, untilReady } from '../testing/relay.ts';
import { startSseServer } from '../testing/sse-server.ts';
import { createLogger } from './winston-logger.ts';

/** Credentials that no pattern can recognise: only call sites that do not log them keep them out. */
const PLAIN = { sdk: 'plainserverkey1', mobile: 'plainmobilekey1', env: 'plainclientid1' };
/** In every context, event and flag of the scenario. */
const PERSON = 'alice.marker';
const PASSWORD = 'passwordmarker';

/** Everything that a relay at level debug writes, as text. */
function capture() {
  let text = '';
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString();
      done();
    },
  });
  return { logger: createLogger({ level: 'debug', format: 'text', stream }), text: () => text };
}

function assertSilentOn(text: string, secrets: readonly string[]): void {
  for (const secret of secrets) {
    const line = text.split('\n').find((one) => one.includes(secret));
    assert.equal(line, undefined, `the log shows ${secret}`);
  }
}

const context = { kind: 'user', key: PERSON, email: `${PERSON}@example.com` };
const base64 = (value: string): string => Buffer.from(value).toString('base64url');
/** Contexts as text: good, legacy, and several kinds of bad. */
const CONTEXTS = [
  JSON.stringify(context),
  JSON.stringify({ key: PERSON }),
  `{"kind":"user","key":"${PERSON}"`,
  `{"kind":"${PERSON}!","key":"x"}`,
  `{"kind":"user","key":"${PERSON}"} ${PERSON}`,
  PERSON,
];
const event = { kind: 'custom', key: 'clicked', creationDate: 1, context, data: { text: PERSON } };
const oldEvent = { kind: 'feature', key: 'one', creationDate: 1, user: { key: PERSON }, value: PERSON };
/** Bodies of event posts: good, old, and several kinds of bad. */
const BODIES = [
  JSON.stringify([event]),
  JSON.stringify([oldEvent, { kind: 'identify', user: PERSON }, { kind: PERSON }, PERSON]),
  `[{"kind":"custom","key":"${PERSON}"`,
  PERSON,
];

describe('no credential, context or event payload in a log at any level (issue: security; contract 10.2)', () => {
  test('requests of every family, good and bad; faults of upstream and of the events service', async () => {
    const { logger, text } = capture();
    await using sink = await startEventSink();
    sink.answers.push(503, 503, 401, 413, 0, 0, 400, 500, 500);
    const document: RelayDocument = {
      environments: [
        { name: 'shaped', sdkKey: KEYS.sdk, mobileKey: KEYS.mobile, envId: KEYS.env, secureMode: true },
        { name: 'plain', sdkKey: PLAIN.sdk, mobileKey: PLAIN.mobile, envId: PLAIN.env },
        { name: 'refused', sdkKey: 'plainrefusedkey', mobileKey: 'plainrefusedmobile' },
      ],
      server: { maxRequestBodyBytes: 4096 },
      events: { enabled: true, flushMs: 20, capacity: 3 },
      upstream: { eventsUri: sink.url, clientSideBaseUri: sink.url, diagnostics: true, initTimeoutMs: 300 },
    };
    const relay = await startTestRelay(document, sampleData(), logger);
    relay.upstream.add(PLAIN.sdk, sampleData());
    try {
      relay.upstream.add('plainrefusedkey', sampleData(), 403);
      await untilReady(relay);
      const streams = [];
      for (const keys of [KEYS, PLAIN]) {
        for (const [path, key] of [
          ['/all', keys.sdk],
          [`/meval/${base64(CONTEXTS[0]!)}`, keys.mobile],
          [`/eval/${PLAIN.env}/${base64(CONTEXTS[0]!)}`, ''],
        ]) {
          streams.push(await openStream(relay.port, path!, { headers: { Authorization: key! } }));
        }
        await askEverything(relay.port, keys);
      }
      // A flag that cannot be evaluated, an item and a frame that cannot be read, an event that nobody knows.
      relay.upstream.patchFlag(PLAIN.sdk, simpleFlag('cycle', 1, { prerequisites: [{ key: 'cycle', variation: 0 }] }));
      await ask(relay.port, `/sdk/evalx/contexts/${base64(CONTEXTS[0]!)}`, { headers: { Authorization: PLAIN.sdk } });
      for (const [name, data] of [
        ['unknown', PERSON],
        ['patch', `{"path":"/flags/x","data":{"key":"x","version":"${PERSON}","${PLAIN.sdk}":1}}`],
        ['patch', `{"path":"/flags/x","data":"${PERSON}`],
      ]) {
        relay.upstream.send(PLAIN.sdk, name!, data);
      }
      await eventually(() => assert.match(text(), /lost the flag stream/));
      await eventually(() => assert.match(text(), /upstream refuses events|events were lost/));
      for (const stream of streams) stream.close();
      await eventually(() => assert.equal(relay.relay.streams(), 0));
    } finally {
      await relay.close();
    }
    assert.match(text(), /DEBUG/);
    assert.match(text(), /the environment has no|refused the SDK key/);
    const secrets = [...Object.values(KEYS), ...Object.values(PLAIN), 'plainrefused', PERSON, 'example.com'];
    assertSilentOn(text(), [...secrets, base64(PERSON).slice(0, 12), base64(CONTEXTS[0]!).slice(0, 40)]);
  });

  test('AutoConfig messages that cannot be used', async () => {
    const { logger, text } = capture();
    await using server = await startSseServer();
    const rep = {
      envID: 'e',
      envKey: 'k',
      envName: 'n',
      mobKey: PLAIN.mobile,
      projKey: 'p',
      projName: 'P',
      version: 1,
    };
    const starting = startTestRelay(
      { environments: [], autoConfig: { key: 'plainautoconfig' }, upstream: { streamUri: server.url } },
      sampleData(),
      logger,
    );
    const first = await server.next();
    first.send(`event: put\ndata: {"path":"/","data":{"environments":{"${PLAIN.sdk}": ${PLAIN.sdk}\n\n`);
    const second = await server.next();
    second.event('put', { path: '/', data: { environments: { e: { ...rep, sdkKey: { value: PLAIN.sdk, x: 1 } } } } });
    const relay = await starting;
    try {
      second.event('patch', { path: `/${PLAIN.sdk}`, data: {} });
      second.event('patch', { path: '/environments/e', data: { ...rep, sdkKey: PLAIN.sdk, version: 2 } });
      await eventually(() => assert.equal(text().match(/lost the AutoConfig stream/g)?.length, 2));
    } finally {
      await relay.close();
    }
    assertSilentOn(text(), ['plainautoconfig', PLAIN.sdk, PLAIN.mobile]);
  });

  test('passwords of Redis and of the proxy, neither of which answers', async () => {
    const { logger, text } = capture();
    const relay = await startTestRelay(
      {
        store: { redis: { url: `redis://user:${PASSWORD}@127.0.0.1:9/0` } },
        upstream: {
          streamUri: 'http://upstream.invalid',
          clientSideBaseUri: 'http://upstream.invalid',
          initTimeoutMs: 50,
          proxy: { url: `http://127.0.0.1:9`, credentials: `user:${PASSWORD}` },
        },
      },
      sampleData(),
      logger,
    );
    try {
      await eventually(() => assert.match(text(), /Redis cannot be reached/));
      await eventually(() => assert.match(text(), /lost the flag stream/));
      await eventually(async () => assert.equal((await ask(relay.port, `/sdk/goals/${KEYS.env}`)).status, 502));
      await eventually(() => assert.match(text(), /goals could not be fetched/));
    } finally {
      await relay.close();
    }
    const token = Buffer.from(`user:${PASSWORD}`).toString('base64');
    assertSilentOn(text(), [PASSWORD, token, ...Object.values(KEYS)]);
  });
});

/** One request of each kind, good and bad; what they are answered is not looked at here. */
async function askEverything(port: number, keys: typeof PLAIN): Promise<void> {
  const authorizations = [keys.sdk, `Bearer ${keys.sdk}`, `${keys.sdk}x`, keys.mobile];
  for (const Authorization of authorizations) {
    const headers = { Authorization };
    for (const path of ['/sdk/flags', '/sdk/latest-all', '/sdk/poll', '/status', `/status/${keys.env}`]) {
      await ask(port, path, { headers });
    }
    for (const text of CONTEXTS) {
      const report = { method: 'REPORT', headers: { ...headers, 'Content-Type': 'application/json' }, body: text };
      for (const family of ['/sdk/evalx', '/msdk/evalx', `/sdk/evalx/${keys.env}`]) {
        await ask(port, `${family}/contexts/${base64(text)}?h=${PERSON}`, { headers });
        await ask(port, `${family}/context`, report);
      }
      await ask(port, `/sdk/poll/eval/${base64(text)}`, { headers });
      for (const path of ['/ofrep/v1/evaluate/flags', `/ofrep/v1/evaluate/flags/${PERSON}`]) {
        const body = `${text.replace('"kind":"user","key"', '"context":{"targetingKey"')}}`;
        await ask(port, path, { method: 'POST', headers: { 'X-API-Key': Authorization }, body });
      }
    }
    for (const body of [...BODIES, `["${PERSON.repeat(1000)}"]`]) {
      for (const path of ['/bulk', '/mobile', `/events/bulk/${keys.env}`, '/diagnostic', '/mobile/events/diagnostic']) {
        for (const schema of ['1', '4']) {
          const common = { ...headers, 'X-LaunchDarkly-Event-Schema': schema, 'X-LaunchDarkly-Tags': PERSON };
          await ask(port, path, { method: 'POST', headers: common, body });
          const gzip = { ...common, 'Content-Encoding': 'gzip' };
          await ask(port, path, { method: 'POST', headers: gzip, body: schema === '1' ? gzipSync(body) : body });
        }
      }
      await ask(port, `/a/${keys.env}.gif?d=${encodeURIComponent(Buffer.from(body).toString('base64'))}`);
    }
  }
  await ask(port, `/sdk/goals/${keys.env}`);
  await ask(port, `/a/${keys.env}.gif?d=${PERSON}!`);
}
