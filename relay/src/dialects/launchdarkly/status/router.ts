import { Router as expressRouter, type Request, type Response, type Router } from 'express';
import { type EnvironmentStatus, environmentDocument } from './document.ts';
import { checkExpectations } from './expectations.ts';
import type { StatusSource } from './source.ts';

/**
 * `/status` (contract 3), with the forms of ld-relay 8.11+ (contract 11.1): one environment by identifier, by project and
 * environment key, with a payload filter; and assertions by `?expect=path=value`.
 */
export function statusRouter(source: StatusSource): Router {
  const router = expressRouter({ caseSensitive: true, strict: true });
  router.get('/status', (request, response) => {
    const document = source.document();
    const expressions = expectations(request);
    if (expressions.length === 0) {
      send(response, 200, document);
      return;
    }
    const { status, body } = checkExpectations(document, expressions);
    send(response, status, body);
  });
  router.get('/status/:identifier', ({ params }, response) => {
    sendEnvironment(
      response,
      source.find((one) => isCalled(one, params.identifier)),
    );
  });
  router.get('/status/:project/:environment', ({ params }, response) => {
    // The name of a filtered environment has a slash in it, too.
    const { project, environment } = params;
    sendEnvironment(
      response,
      source.find((one) => hasKeys(one, project, environment, undefined)) ??
        source.find((one) => one.definition.name === `${project}/${environment}`),
    );
  });
  router.get('/status/:project/:environment/filters/:filter', ({ params }, response) => {
    sendEnvironment(
      response,
      source.find((one) => hasKeys(one, params.project, params.environment, params.filter)),
    );
  });
  return router;
}

function expectations(request: Request): string[] {
  const search = new URL(request.originalUrl, 'http://relay').searchParams;
  return search.getAll('expect');
}

function isCalled({ definition }: EnvironmentStatus, identifier: string): boolean {
  return definition.name === identifier || definition.id === identifier || definition.envId === identifier;
}

function hasKeys(
  { definition }: EnvironmentStatus,
  project: string,
  environment: string,
  filter: string | undefined,
): boolean {
  const key = definition.envKey ?? definition.name;
  return definition.projKey === project && key === environment && definition.filterKey === filter;
}

/** 404 when it is unknown, 503 while it is not connected, with the same body as in the whole document. */
function sendEnvironment(response: Response, environment: EnvironmentStatus | undefined): void {
  if (environment === undefined) send(response, 404, { message: 'no environment has this name' });
  else send(response, environment.connected ? 200 : 503, environmentDocument(environment));
}

function send(response: Response, status: number, body: unknown): void {
  const json = JSON.stringify(body);
  response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(json) });
  response.end(json);
}
