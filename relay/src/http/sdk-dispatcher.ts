import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Overview } from '../health/overview.ts';
import { describe } from '../telemetry/describe.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { RequestMetrics } from '../telemetry/request-metrics.ts';
import { countRequest } from './connection-guard.ts';
import type { ExpressHandler } from './express-app.ts';
import { passesHost } from './host.ts';
import { sendText } from './reply.ts';
import type { RequestLine } from './request-log.ts';
import type { RelayResponse } from './response.ts';
import { createRouter, type Route, type RouteMatch } from './router.ts';
import type { UnreadAnswers } from './unread-answers.ts';

/** What the SDK listener answers with. */
export interface SdkDispatcherOptions {
  /** Dispatched before Express: the SDK endpoints. */
  readonly routes: readonly Route[];
  readonly overview: Overview;
  readonly requests: RequestMetrics;
  /** Watches answers that clients do not take at once. */
  readonly unread: UnreadAnswers;
  /** The relay is going down: connections are not kept for another request. */
  readonly draining: () => boolean;
  readonly logger: Logger;
  /** Makes the line of a request, where requests are logged. */
  readonly requestLog?: (method: string, route: string) => RequestLine;
}

/** Paths that Express answers; the router knows them for their methods. */
const EXPRESS_PATHS = [
  '/status',
  '/status/:identifier',
  '/status/:project/:environment',
  '/status/:project/:environment/filters/:filter',
];

/**
 * Answers the requests of the SDK listener. The SDK endpoints go through the relay's own router, for its exact rules and
 * because Express doubles the cost of a small answer. Everything else is Express's; it is loaded when the first such
 * request comes, since that takes a good part of the start and many pods never need it.
 */
export function createSdkDispatcher(
  options: SdkDispatcherOptions,
): (request: IncomingMessage, response: ServerResponse) => void {
  const { requestLog } = options;
  let express: ExpressHandler | undefined;
  let loading: Promise<ExpressHandler> | undefined;
  const viaExpress = (request: IncomingMessage, response: ServerResponse): void => {
    if (express !== undefined) {
      express(request, response);
      return;
    }
    loading ??= loadExpress(options.overview);
    loading.then(
      (handler) => {
        express = handler;
        handler(request, response);
      },
      (error: unknown) => sendText(response, 500, `internal error: ${String(error)}`),
    );
  };
  const unknown = options.requests.route('unknown');
  const stats = new Map(options.routes.map((route) => [route, options.requests.route(route.name)]));
  const other = options.requests.route('status');
  const router = createRouter(
    [
      ...options.routes,
      ...EXPRESS_PATHS.map(
        (path): Route => ({
          method: 'GET',
          path,
          name: 'status',
          handler(request, response, match) {
            request.url = plainUrl(match);
            viaExpress(request, response);
          },
        }),
      ),
    ],
    {
      unknown(request, response) {
        (response as RelayResponse).stats = unknown;
        if (requestLog) (response as RelayResponse).line = requestLog(request.method ?? '', 'unknown');
        viaExpress(request, response);
      },
      matched(route, response) {
        (response as RelayResponse).stats = stats.get(route) ?? other;
        if (requestLog) (response as RelayResponse).line = requestLog(route.method, route.path);
      },
    },
  );
  return (request, response) => {
    if (options.draining()) response.shouldKeepAlive = false;
    countRequest(request.socket);
    (response as RelayResponse).unread = options.unread;
    if (!passesHost(request, response)) return;
    try {
      router.dispatch(request, response);
    } catch (error) {
      // A mistake in one handler must not take the streams of everybody down with it.
      options.logger.error('a request handler failed', { error: describe(error) });
      if (response.headersSent) response.destroy();
      else sendText(response, 500, 'internal error');
    }
  };
}

/** The URL with its literal parts unescaped: Express compares them as they were sent, ld-relay decodes first (contract 1.1). */
function plainUrl({ route, params, query }: RouteMatch): string {
  let next = 0;
  const path = route.path.replace(/:[a-z]+/g, () => encodeURIComponent(params[next++] ?? ''));
  return query === '' ? path : `${path}?${query}`;
}

async function loadExpress(overview: Overview): Promise<ExpressHandler> {
  const [{ createExpressHandler }, { statusRouter }] = await Promise.all([
    import('./express-app.ts'),
    import('../dialects/launchdarkly/status/routes.ts'),
  ]);
  return createExpressHandler([statusRouter(overview)]);
}
