import { Counter, Gauge, type Registry as PromRegistry } from 'prom-client';
import type { Client, ClientObserver } from './clients.ts';

/**
 * ld-relay's own metrics (contract 10.1): open streams, streams opened, and requests whose credential is known, by
 * environment, platform and user agent. Only for those whose dashboards know these names: labels per request cost time that
 * the relay's own metrics do not take.
 */
export function createLdRelayMetrics(metrics: PromRegistry, prefix: string): ClientObserver {
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
  return {
    request: (from, { method }, route) => requests.inc({ ...labelsOf(from), method, route }),
    streamOpened(from) {
      opened.inc(labelsOf(from));
      connections.inc(labelsOf(from));
    },
    streamClosed: (from) => connections.dec(labelsOf(from)),
  };
}

function labelsOf({ environment, category, userAgent }: Client): Record<string, string> {
  return { env: environment.definition.name, platformCategory: category, userAgent };
}
