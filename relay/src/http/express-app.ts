import type { IncomingMessage, ServerResponse } from 'node:http';
import express, { type Router } from 'express';
import { sendNotFound, sendText } from './reply.ts';
import { RelayResponse } from './response.ts';

/** Answers a request with Express. */
export type ExpressHandler = (request: IncomingMessage, response: ServerResponse) => void;

/** The Express application that carries everything but the SDK endpoints. What no router answers is 404 as in contract 1.1. */
export function createExpressHandler(routers: readonly Router[]): ExpressHandler {
  // Express gives each response its own prototype; what the listener does at an answer's end is to stay.
  Object.setPrototypeOf(express.response, RelayResponse.prototype);
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.enable('case sensitive routing');
  app.enable('strict routing');
  for (const router of routers) app.use(router);
  app.use((_request, response) => sendNotFound(response));
  // Express knows error handlers by their four parameters.
  app.use((error: unknown, _request: express.Request, response: express.Response, _next: express.NextFunction) => {
    const status = statusOf(error);
    if (response.headersSent) response.destroy();
    else sendText(response, status, status < 500 ? 'bad request' : 'internal error');
  });
  return (request, response) => app(request as express.Request, response as express.Response);
}

function statusOf(error: unknown): number {
  const status = (error as { status?: unknown } | null)?.status;
  return typeof status === 'number' && status >= 400 && status < 600 ? status : 500;
}
