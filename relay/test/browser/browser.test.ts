import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { type EventSink, startEventSink } from '../../src/testing/event-sink.ts';
import { eventually } from '../../src/testing/eventually.ts';
import { KEYS, simpleFlag, startTestRelay, type TestRelay, untilReady } from '../../src/testing/relay.ts';
import { launchChromium } from './chromium.ts';
import { type Site, startSite } from './page.ts';

/** What the page's script puts on its window. */
interface PageWindow {
  startClient(name: string, envId: string, context: object, options: object): Promise<{ status: string }>;
  clients: Map<
    string,
    {
      variation(key: string, fallback: unknown): unknown;
      track(key: string): void;
      setStreaming(on: boolean): void;
      flush(): Promise<unknown>;
    }
  >;
}
declare const window: PageWindow;

const CALL_MS = 60_000;
const ALICE = { kind: 'user', key: 'alice' };

describe('@launchdarkly/js-client-sdk in Chromium, on a page of another origin (contract 1.7)', () => {
  const closers = new AsyncDisposableStack();
  let relay: TestRelay;
  let sink: EventSink;
  let site: Site;
  let browser: Browser;
  let page: Page;
  let last = 10;
  const sent: string[] = [];
  const refused: string[] = [];

  const setFlag = (variation: number): void => {
    relay.upstream.patchFlag(KEYS.sdk, simpleFlag('one', ++last, { fallthrough: { variation } }));
  };
  const start = (name: string, options: object = {}): Promise<{ status: string }> => {
    const url = `http://127.0.0.1:${relay.port}`;
    const all = {
      baseUri: url,
      streamUri: url,
      eventsUri: url,
      sendEvents: false,
      fetchGoals: false,
      diagnosticOptOut: true,
      ...options,
    };
    return page.evaluate(([id, env, context, sdkOptions]) => window.startClient(id, env, context, sdkOptions), [
      name,
      KEYS.env,
      ALICE,
      all,
    ] as const);
  };
  const variation = (name: string): Promise<unknown> =>
    page.evaluate((id) => window.clients.get(id)?.variation('one', 'default'), name);

  before(async () => {
    sink = closers.use(await startEventSink());
    site = closers.use(await startSite());
    relay = await startTestRelay({
      environments: [
        { name: 'test', sdkKey: KEYS.sdk, mobileKey: KEYS.mobile, envId: KEYS.env, allowedOrigins: [site.origin] },
      ],
      events: { enabled: true, flushMs: 100 },
      upstream: { eventsUri: sink.url },
    });
    closers.defer(() => relay.close());
    await untilReady(relay);
    browser = await launchChromium();
    closers.defer(() => browser.close());
    page = await browser.newPage();
    page.setDefaultTimeout(CALL_MS);
    page.on('request', (request) => sent.push(`${request.method()} ${new URL(request.url()).pathname}`));
    page.on('console', (message) => {
      if (/CORS|blocked/i.test(message.text())) refused.push(message.text());
    });
    await page.goto(site.origin);
  });
  after(() => closers.disposeAsync());

  test('GET: initialises, evaluates, and sees a change by its stream', async () => {
    assert.equal((await start('get', { streaming: true })).status, 'complete');
    assert.equal(await variation('get'), 'a');
    await eventually(() => assert.ok(relay.relay.streams() > 0), CALL_MS);
    setFlag(1);
    await eventually(async () => assert.equal(await variation('get'), 'b'), CALL_MS);
    assert.ok(
      sent.some((line) => line.startsWith(`GET /sdk/evalx/${KEYS.env}/contexts/`)),
      sent.join('\n'),
    );
  });

  test('REPORT: a preflight lets the method and its headers through', async () => {
    assert.equal((await start('report', { useReport: true })).status, 'complete');
    assert.equal(await variation('report'), 'b');
    assert.ok(sent.includes(`REPORT /sdk/evalx/${KEYS.env}/context`), sent.join('\n'));
  });

  test('events go through the relay to the events service', async () => {
    await start('events', { sendEvents: true });
    await page.evaluate(() => {
      window.clients.get('events')?.track('clicked');
      return window.clients.get('events')?.flush();
    });
    const posts = await eventually(() => {
      const found = sink.posts.filter(({ text }) => text.includes('"clicked"'));
      assert.ok(found.length > 0, 'no event came');
      return found;
    }, CALL_MS);
    assert.equal(posts[0]!.path, `/events/bulk/${KEYS.env}`);
    assert.equal(posts[0]!.headers['x-launchdarkly-event-schema'], '4');
    assert.ok(sent.includes(`POST /events/bulk/${KEYS.env}`), sent.join('\n'));
  });

  test('no request of an allowed origin was blocked; one of another origin is', async () => {
    assert.deepEqual(refused, []);
    await using other = await startSite();
    const stranger = await browser.newPage();
    await stranger.goto(other.origin);
    const read = (url: string) =>
      stranger.evaluate(
        (address) =>
          fetch(address).then(
            (answer) => `read: ${answer.status}`,
            () => 'blocked',
          ),
        url,
      );
    const context = Buffer.from(JSON.stringify(ALICE)).toString('base64url');
    assert.equal(await read(`http://127.0.0.1:${relay.port}/sdk/evalx/${KEYS.env}/contexts/${context}`), 'blocked');
    await stranger.close();
  });
});
