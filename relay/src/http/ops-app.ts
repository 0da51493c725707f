import type { IncomingMessage, ServerResponse } from 'node:http';
import express from 'express';
import { sendEmpty, sendJson, sendNotFound, sendText } from './reply.ts';

/** What the ops listener shows. */
export interface OpsSources {
  /** Whether traffic may come, and why not; no credential in it. */
  readiness(): { readonly ready: boolean; readonly reason: string };
  readonly metrics: MetricsText;
  /** The pod's item of `status.instances` as it is now; undefined where the relay does not report into a cluster. */
  report(): object | undefined;
}

/** Metrics in Prometheus' text format: a registry, or several put together. */
export interface MetricsText {
  readonly contentType: string;
  metrics(): Promise<string>;
}

/** Answers a request of the ops port. */
export type OpsHandler = (request: IncomingMessage, response: ServerResponse) => void;

/** The Express application of the ops port: everything on it but the probes. */
export function createOpsApp({ metrics, report }: OpsSources): OpsHandler {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.enable('case sensitive routing');
  app.enable('strict routing');
  app
    .route('/metrics')
    .get((_request, response, next) => {
      metrics.metrics().then((text) => {
        response.writeHead(200, ['Content-Type', metrics.contentType]);
        response.end(text);
      }, next);
    })
    .all(notAllowed);
  app
    .route('/status/instance')
    .get((_request, response) => {
      const item = report();
      if (item === undefined) sendNotFound(response);
      else sendJson(response, 200, JSON.stringify(item));
    })
    .all(notAllowed);
  app.use((_request, response) => sendNotFound(response));
  // Express knows error handlers by their four parameters.
  app.use((error: unknown, _request: express.Request, response: express.Response, _next: express.NextFunction) => {
    const status = statusOf(error);
    if (response.headersSent) response.destroy();
    else sendText(response, status, status < 500 ? 'bad request' : `internal error: ${String(error)}`);
  });
  return (request, response) => app(request as express.Request, response as express.Response);
}

function notAllowed(_request: express.Request, response: express.Response): void {
  sendEmpty(response, 405, ['Allow', 'GET, HEAD']);
}

function statusOf(error: unknown): number {
  const status = (error as { status?: unknown } | null)?.status;
  return typeof status === 'number' && status >= 400 && status < 600 ? status : 500;
}
