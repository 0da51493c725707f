import type { RelayProxySpecManifest } from '@flagrelay/crds';
import type { Section } from '@flagrelay/relay/config';
import { type Conversion, defined, seconds, secretRef } from './convert.ts';

type Upstream = NonNullable<RelayProxySpecManifest['upstream']>;

/** Where flag data comes from, and on what way. */
export function upstreamOf(conversion: Conversion): Pick<RelayProxySpecManifest, 'upstream'> {
  const { given, config } = conversion;
  const { upstream } = config;
  const when = (section: Section, key: string, value: string) =>
    given(section, key) === undefined ? undefined : value;
  const spec: Upstream = {
    ...defined({
      streamURI: when('Main', 'streamUri', upstream.streamUri),
      baseURI: when('Main', 'baseUri', upstream.baseUri),
      clientSideBaseURI: when('Main', 'clientSideBaseUri', upstream.clientSideBaseUri),
      eventsURI: when('Events', 'eventsUri', upstream.eventsUri),
      onInitTimeout: onInitTimeout(conversion),
      httpProxy: httpProxyOf(conversion),
    }),
    ...seconds(conversion, ['Main', 'initTimeout'], upstream.initTimeoutMs, 'initTimeoutSeconds', {
      min: 1,
      max: 3600,
    }),
    ...seconds(
      conversion,
      ['Main', 'disconnectedStatusTime'],
      upstream.disconnectedAfterMs,
      'disconnectedAfterSeconds',
      { min: 0, max: 86_400 },
    ),
  };
  return Object.keys(spec).length === 0 ? {} : { upstream: spec };
}

function onInitTimeout({ config, given, report }: Conversion): Upstream['onInitTimeout'] {
  if (config.offline) return undefined;
  if (given('Main', 'ignoreConnectionErrors') === undefined && given('Main', 'exitOnError') === undefined) {
    report.note(
      'default',
      'upstream.onInitTimeout',
      'is `Continue`: a pod without data stays, not ready, and goes on trying. By its documentation ld-relay ends after `initTimeout`; for that set `Exit`',
    );
    return undefined;
  }
  return config.upstream.onInitTimeout === 'exit' ? 'Exit' : 'Continue';
}

function httpProxyOf(conversion: Conversion): Upstream['httpProxy'] {
  const { config, given, read, report, secrets, references, proxyPasswordFile, surroundings } = conversion;
  const { proxy } = config.upstream;
  if (proxy?.url === undefined) return undefined;
  const url = new URL(proxy.url);
  const fromUrl = [url.username, url.password].map(decodeURIComponent);
  url.username = '';
  url.password = '';
  // `URL` writes a slash at the end, which nobody wrote.
  const address = fromUrl.join('') === '' ? proxy.url : url.href.replace(/\/$/, '');
  const user = read.text('Proxy', 'user') ?? fromUrl[0] ?? '';
  const password =
    read.text('Proxy', 'password') ?? passwordFrom(proxyPasswordFile, surroundings.readFile) ?? fromUrl[1] ?? '';
  const origin = given('Proxy', 'password') ?? given('Proxy', 'user') ?? given('Proxy', 'url') ?? 'proxy';
  const somewhere =
    references.of(password) ?? (proxyPasswordFile === undefined ? undefined : surroundings.secretOf(proxyPasswordFile));
  if (somewhere || (proxyPasswordFile !== undefined && password === '')) {
    const credentialsRef = secrets.reserve('proxy-credentials');
    report.note(
      'todo',
      origin,
      `put \`user:password\` of the proxy into the Secret ${credentialsRef.name} under the key ${credentialsRef.key}`,
    );
    return { url: address, credentialsRef };
  }
  if (user === '' && password === '') return { url: address };
  const credentialsRef = secretRef(conversion, 'proxy-credentials', {
    text: `${user}:${password}`,
    file: undefined,
    origin,
  });
  return { url: address, ...defined({ credentialsRef }) };
}

function passwordFrom(file: string | undefined, readFile: (path: string) => string | undefined): string | undefined {
  return file === undefined ? undefined : readFile(file)?.trim();
}
