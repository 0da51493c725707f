import { type NoProxy, parseNoProxy } from './no-proxy.ts';

/** One HTTP(S) proxy: its URL without user and password, and the header that authenticates at it. */
export interface ProxyEndpoint {
  readonly uri: string;
  /** `Basic …`, for `Proxy-Authorization`. */
  readonly token?: string;
}

/** Which proxy a request takes. */
export interface ProxySettings {
  readonly http?: ProxyEndpoint;
  readonly https?: ProxyEndpoint;
  readonly noProxy: NoProxy;
}

/** A proxy setting that cannot be used. `message` names the setting and never holds the credentials. */
export class ProxySettingsError extends Error {
  override readonly name = 'ProxySettingsError';
}

/**
 * Chooses the proxies: a configured URL is used for every request, as ld-relay does; otherwise `HTTP_PROXY`, `HTTPS_PROXY` and
 * `NO_PROXY` (either case) decide.
 * @param credentials `user:password`; beats what the URL holds
 * @throws ProxySettingsError for a URL that is not http or https
 */
export function proxySettings(
  url: string | undefined,
  credentials: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): ProxySettings {
  if (url !== undefined && url !== '') {
    const endpoint = proxyEndpoint('upstream.proxy.url', url, credentials);
    return { http: endpoint, https: endpoint, noProxy: () => false };
  }
  const http = variable(env, 'HTTP_PROXY');
  const https = variable(env, 'HTTPS_PROXY');
  return {
    ...(http === undefined ? {} : { http: proxyEndpoint('HTTP_PROXY', http, credentials) }),
    ...(https === undefined ? {} : { https: proxyEndpoint('HTTPS_PROXY', https, credentials) }),
    noProxy: parseNoProxy(variable(env, 'NO_PROXY') ?? ''),
  };
}

/** The proxy for an origin such as `https://stream.example`, or undefined when it is reached directly. */
export function proxyFor(settings: ProxySettings, origin: URL): ProxyEndpoint | undefined {
  const endpoint = origin.protocol === 'https:' ? settings.https : settings.http;
  if (endpoint === undefined) return undefined;
  const host = origin.hostname.replace(/^\[(.+)\]$/, '$1');
  const port = origin.port === '' ? (origin.protocol === 'https:' ? 443 : 80) : Number(origin.port);
  return settings.noProxy(host, port) ? undefined : endpoint;
}

function variable(env: Readonly<Record<string, string | undefined>>, name: string): string | undefined {
  return env[name] || env[name.toLowerCase()] || undefined;
}

function proxyEndpoint(setting: string, text: string, credentials: string | undefined): ProxyEndpoint {
  const withScheme = text.includes('://') ? text : `http://${text}`;
  if (!URL.canParse(withScheme)) throw new ProxySettingsError(`${setting} is not a URL; http://host:port is expected`);
  const url = new URL(withScheme);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new ProxySettingsError(`${setting} has the scheme "${url.protocol}"; only http and https are supported`);
  }
  const inUrl = url.username === '' ? undefined : `${decode(url.username)}:${decode(url.password)}`;
  const login = credentials ?? inUrl;
  return {
    uri: url.origin,
    ...(login === undefined ? {} : { token: `Basic ${Buffer.from(login).toString('base64')}` }),
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A bare percent sign in a password: the text is meant as it is.
    return text;
  }
}
