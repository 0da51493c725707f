import type { ServerResponse } from 'node:http';
import { sendJson } from '../../../http/reply.ts';
import type { Handler, Route } from '../../../http/router.ts';
import { type EnvironmentStatus, environmentDocument } from './document.ts';
import { checkExpectations } from './expectations.ts';
import type { StatusSource } from './source.ts';

/**
 * `/status` (contract 3), with the forms of ld-relay 8.11+ (contract 11.1): one environment by identifier, by project and
 * environment key, with a payload filter; and assertions by `?expect=path=value`.
 */
export function statusRoutes(source: StatusSource): Route[] {
  const get = (path: string, handler: Handler): Route => ({ method: 'GET', path, name: 'status', handler });
  return [
    get('/status', (_request, response, { query }) => {
      const document = source.document();
      const expressions = new URLSearchParams(query).getAll('expect');
      if (expressions.length === 0) {
        send(response, 200, document);
        return;
      }
      const { status, body } = checkExpectations(document, expressions);
      send(response, status, body);
    }),
    get('/status/:identifier', (_request, response, { params: [identifier = ''] }) => {
      sendEnvironment(
        response,
        source.find((one) => isCalled(one, identifier)),
      );
    }),
    get('/status/:project/:environment', (_request, response, { params: [project = '', environment = ''] }) => {
      // The name of a filtered environment has a slash in it, too.
      sendEnvironment(
        response,
        source.find((one) => hasKeys(one, project, environment, undefined)) ??
          source.find((one) => one.definition.name === `${project}/${environment}`),
      );
    }),
    get('/status/:project/:environment/filters/:filter', (_request, response, { params }) => {
      const [project = '', environment = '', filter] = params;
      sendEnvironment(
        response,
        source.find((one) => hasKeys(one, project, environment, filter)),
      );
    }),
  ];
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
function sendEnvironment(response: ServerResponse, environment: EnvironmentStatus | undefined): void {
  if (environment === undefined) send(response, 404, { message: 'no environment has this name' });
  else send(response, environment.connected ? 200 : 503, environmentDocument(environment));
}

function send(response: ServerResponse, status: number, body: unknown): void {
  sendJson(response, status, JSON.stringify(body));
}
