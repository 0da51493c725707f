import type { IncomingMessage } from 'node:http';
import type { Registry } from '../../../environment/registry.ts';
import { queryParam } from '../../../http/path.ts';
import type { RelayResponse } from '../../../http/response.ts';
import type { Route } from '../../../http/router.ts';
import type { LaunchDarkly, LaunchDarklyEnvironment, Platform } from '../outlet/outlet.ts';
import { keyOf } from './select.ts';

/** Who sent a request with a known credential. */
export interface Client {
  readonly environment: LaunchDarklyEnvironment;
  readonly category: Platform;
  /** Shortened, and one of a bounded number. */
  readonly userAgent: string;
}

/** Hears of what clients do. */
export interface ClientObserver {
  /** @param label the route as ld-relay labels it */
  request(client: Client, route: Route, label: string): void;
  streamOpened(client: Client): void;
  streamClosed(client: Client): void;
}

/** User agents that are told apart; the label of any further one is `other`, because SDKs choose theirs freely. */
const MAX_USER_AGENTS = 200;
const MAX_LABEL_LENGTH = 100;

const STREAMS: ReadonlySet<string> = new Set(['all', 'flags', 'eval', 'meval', 'ping', 'mping']);

/** The routes with observers around them. A request whose credential is not known is not told. */
export function observeClients(
  routes: readonly Route[],
  registry: Registry<LaunchDarkly>,
  observers: readonly ClientObserver[],
): Route[] {
  const agents = boundedLabels();
  return routes.map((route) => {
    const category = categoryOf(route.path);
    const label = routeLabel(route.path);
    return {
      ...route,
      handler(request, response, match) {
        const environment = environmentOf(registry, category, request, match.params[0] ?? '', match.query);
        if (environment !== undefined) {
          const client: Client = { environment, category, userAgent: agents(userAgentOf(request)) };
          for (const observer of observers) observer.request(client, route, label);
          if (STREAMS.has(route.name)) {
            onOpen(response as RelayResponse, () => {
              for (const observer of observers) observer.streamOpened(client);
              request.socket.once('close', () => {
                for (const observer of observers) observer.streamClosed(client);
              });
            });
          }
        }
        route.handler(request, response, match);
      },
    };
  });
}

/** Calls `count` once when the response becomes a stream. */
function onOpen(response: RelayResponse, count: () => void): void {
  const original = response.opened;
  response.opened = () => {
    original.call(response);
    count();
  };
}

function environmentOf(
  registry: Registry<LaunchDarkly>,
  category: Platform,
  request: IncomingMessage,
  id: string,
  query: string,
): LaunchDarklyEnvironment | undefined {
  const credential = category === 'browser' ? id : keyOf(request.headers.authorization);
  if (credential === undefined) return undefined;
  const kind = category === 'browser' ? 'env' : category === 'mobile' ? 'mobile' : 'sdk';
  const result = registry.lookup(kind, credential, queryParam(query, 'filter'));
  return result.found ? result.environment : undefined;
}

function categoryOf(path: string): Platform {
  if (/:env\b/.test(path)) return 'browser';
  return /^\/(?:msdk|meval|mping|mobile)\b/.test(path) ? 'mobile' : 'server';
}

/** `/sdk/evalx/:env/contexts/:context` as ld-relay labels it: `_sdk_evalx_{envId}_contexts_{context}`. */
function routeLabel(path: string): string {
  return path
    .replace(':env', '{envId}')
    .replace(/:(\w+)/g, '{$1}')
    .replaceAll('/', '_');
}

function userAgentOf(request: IncomingMessage): string {
  const own = request.headers['x-launchdarkly-user-agent'];
  return String(own || request.headers['user-agent'] || '').replaceAll('/', '_') || '_';
}

/** Passes through the first {@link MAX_USER_AGENTS} values, shortened; everything later is `other`. */
function boundedLabels(): (value: string) => string {
  const known = new Set<string>();
  return (value) => {
    const short = value.slice(0, MAX_LABEL_LENGTH);
    if (known.has(short)) return short;
    if (known.size >= MAX_USER_AGENTS) return 'other';
    known.add(short);
    return short;
  };
}
