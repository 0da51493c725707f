import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe } from '../telemetry/describe.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { RequestMetrics } from '../telemetry/request-metrics.ts';
import { passesHost } from './host.ts';
import { sendNotFound, sendText } from './reply.ts';
import type { RequestLine } from './request-log.ts';
import type { RelayResponse } from './response.ts';
import { createRouter, type Route } from './router.ts';
import type { UnreadAnswers } from './unread-answers.ts';
import { countRequest } from './watched-socket.ts';

/** What the SDK listener answers with. */
export interface SdkDispatcherOptions {
  /** Every path. */
  readonly routes: readonly Route[];
  readonly requests: RequestMetrics;
  /** Watches answers that clients do not take at once. */
  readonly unread: UnreadAnswers;
  /** The relay is going down: connections are not kept for another request. */
  readonly draining: () => boolean;
  readonly logger: Logger;
  /** Makes the line of a request, where requests are logged. */
  readonly requestLog?: (method: string, route: string) => RequestLine;
}

/**
 * Answers the requests of the SDK listener by the relay's own router, for its exact rules and because a framework doubles the
 * cost of a small answer. Which paths there are is the dialects' business.
 */
export function createSdkDispatcher(
  options: SdkDispatcherOptions,
): (request: IncomingMessage, response: ServerResponse) => void {
  const { requestLog } = options;
  const unknown = options.requests.route('unknown');
  const stats = new Map(options.routes.map((route) => [route, options.requests.route(route.name)]));
  const router = createRouter(options.routes, {
    unknown(request, response) {
      (response as RelayResponse).stats = unknown;
      if (requestLog) (response as RelayResponse).line = requestLog(request.method ?? '', 'unknown');
      sendNotFound(response);
    },
    matched(route, response) {
      (response as RelayResponse).stats = stats.get(route);
      if (requestLog) (response as RelayResponse).line = requestLog(route.method, route.path);
    },
  });
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
