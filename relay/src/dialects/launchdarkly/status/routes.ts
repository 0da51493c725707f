import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ExpressHandler } from '../../../http/express-app.ts';
import { sendText } from '../../../http/reply.ts';
import type { Route, RouteMatch } from '../../../http/router.ts';
import type { StatusSource } from './source.ts';

const PATHS = [
  '/status',
  '/status/:identifier',
  '/status/:project/:environment',
  '/status/:project/:environment/filters/:filter',
];

/**
 * The paths of `/status` (contract 3, 11.1). Express answers them; it is loaded when the first such request comes, since that
 * takes a good part of the start and many pods never need it.
 */
export function statusRoutes(source: StatusSource): Route[] {
  const answer = viaExpress(source);
  return PATHS.map((path) => ({
    method: 'GET',
    path,
    name: 'status',
    handler(request, response, match) {
      request.url = plainUrl(match);
      answer(request, response);
    },
  }));
}

function viaExpress(source: StatusSource): (request: IncomingMessage, response: ServerResponse) => void {
  let express: ExpressHandler | undefined;
  let loading: Promise<ExpressHandler> | undefined;
  return (request, response) => {
    if (express !== undefined) {
      express(request, response);
      return;
    }
    loading ??= loadExpress(source);
    loading.then(
      (handler) => {
        express = handler;
        handler(request, response);
      },
      (error: unknown) => sendText(response, 500, `internal error: ${String(error)}`),
    );
  };
}

/** The URL with its literal parts unescaped: Express compares them as they were sent, ld-relay decodes first (contract 1.1). */
function plainUrl({ route, params, query }: RouteMatch): string {
  let next = 0;
  const path = route.path.replace(/:[a-z]+/g, () => encodeURIComponent(params[next++] ?? ''));
  return query === '' ? path : `${path}?${query}`;
}

async function loadExpress(source: StatusSource): Promise<ExpressHandler> {
  const [{ createExpressHandler }, { statusRouter }] = await Promise.all([
    import('../../../http/express-app.ts'),
    import('./router.ts'),
  ]);
  return createExpressHandler([statusRouter(source)]);
}
