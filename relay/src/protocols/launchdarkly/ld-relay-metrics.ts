import type { IncomingMessage } from 'node:http';
import { Counter, Gauge, type Registry as PromRegistry } from 'prom-client';
import type { Registry } from '../../environment/registry.ts';
import { queryParam } from '../../http/path.ts';
import type { RelayResponse } from '../../http/response.ts';
import type { Route } from '../../http/router.ts';
import { keyOf } from './select.ts';

/** User agents that are told apart; the label of any further one is `other`, because SDKs choose theirs freely. */
const MAX_USER_AGENTS = 200;
const MAX_LABEL_LENGTH = 100;

const STREAMS: ReadonlySet<string> = new Set(['all', 'flags', 'eval', 'meval', 'ping', 'mping']);

type Category = 'server' | 'mobile' | 'browser';

/**
 * The routes with ld-relay's own metrics around them (contract 10.1): open streams, streams opened, and requests whose
 * credential is known, by environment, platform and user agent. Only for those whose dashboards know these names: labels
 * per request cost time that the relay's own metrics do not take.
 */
export function withLdRelayMetrics(
  routes: readonly Route[],
  registry: Registry,
  metrics: PromRegistry,
  prefix: string,
): Route[] {
  const registers = [metrics];
  const client = ['env', 'platformCategory', 'userAgent'];
  const connections = new Gauge({
    name: `${prefix}_connections`,
    help: 'Open streams, under the name that ld-relay gives them.',
    labelNames: client,
    registers,
  });
  const opened = new Counter({
    name: `${prefix}_newconnections`,
    help: 'Streams opened, under the name that ld-relay gives them.',
    labelNames: client,
    registers,
  });
  const requests = new Counter({
    name: `${prefix}_requests`,
    help: 'Requests with a known credential, under the name that ld-relay gives them.',
    labelNames: [...client, 'method', 'route'],
    registers,
  });
  const agents = boundedLabels();

  return routes.map((route) => {
    const category = categoryOf(route.path);
    const label = routeLabel(route.path);
    return {
      ...route,
      handler(request, response, match) {
        const env = environmentOf(registry, category, request, match.params[0] ?? '', match.query);
        if (env !== undefined) {
          const labels = { env, platformCategory: category, userAgent: agents(userAgentOf(request)) };
          requests.inc({ ...labels, method: route.method, route: label });
          if (STREAMS.has(route.name)) {
            onOpen(response as RelayResponse, () => {
              opened.inc(labels);
              connections.inc(labels);
              request.socket.once('close', () => connections.dec(labels));
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
  registry: Registry,
  category: Category,
  request: IncomingMessage,
  id: string,
  query: string,
): string | undefined {
  const credential = category === 'browser' ? id : keyOf(request.headers.authorization);
  if (credential === undefined) return undefined;
  const kind = category === 'browser' ? 'env' : category === 'mobile' ? 'mobile' : 'sdk';
  const result = registry.lookup(kind, credential, queryParam(query, 'filter'));
  return result.found ? result.environment.definition.name : undefined;
}

function categoryOf(path: string): Category {
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
