import type { EvaluationSession, Evaluations } from '../environment/evaluator.ts';
import type { ContextBodies } from '../http/context-bodies.ts';
import { queryParam } from '../http/path.ts';
import type { Handler, Route } from '../http/router.ts';
import { byOfrepCredential, type OfrepHandler, ofrepPreflight } from './access.ts';
import { type BulkOptions, evaluateAll, evaluateOne } from './evaluate.ts';
import type { EventStreams } from './event-streams.ts';

/** What the OFREP endpoints are made of. */
export interface OfrepOptions {
  readonly evaluations: Evaluations;
  /** How contexts are read. */
  readonly bodies: ContextBodies;
  /** Compress large answers for clients that take it. */
  readonly compression: boolean;
  readonly eventStreams: EventStreams;
  /** What a proxy in front of the relay has before its paths, as pages see them; '' = nothing. */
  readonly pathPrefix: string;
}

const STREAMS = '/ofrep/v1/streams/';

/** The endpoints of OpenFeature's Remote Evaluation Protocol 0.3.0, for the flags of any dialect. */
export function ofrepRoutes({ evaluations, bodies, compression, eventStreams, pathPrefix }: OfrepOptions): Route[] {
  const routes = (method: string, path: string, name: string, handler: Handler): Route[] => [
    { method, path, name, handler, careless: true },
    { method: 'OPTIONS', path, name: 'preflight', handler: ofrepPreflight(evaluations, `${method},OPTIONS`) },
  ];
  const opened = (handler: OfrepHandler) => byOfrepCredential(evaluations, handler);
  const bulk: BulkOptions = {
    compression,
    streamUri: ({ address }: EvaluationSession, filter) =>
      `${pathPrefix}${STREAMS}${address}${filter === '' ? '' : `?filter=${encodeURIComponent(filter)}`}`,
  };
  return [
    ...routes('POST', '/ofrep/v1/evaluate/flags', 'ofrep_bulk', opened(evaluateAll(bodies, bulk))),
    ...routes('POST', '/ofrep/v1/evaluate/flags/:key', 'ofrep', opened(evaluateOne(bodies))),
    ...routes('GET', `${STREAMS}:address`, 'ofrep_stream', streamAt(evaluations, eventStreams)),
  ];
}

/** Opens the stream that a bulk answer named. */
function streamAt(evaluations: Evaluations, streams: EventStreams): Handler {
  return (request, response, { params, query }) => {
    const session = evaluations.openAt(params[0] ?? '', queryParam(query, 'filter'));
    if ('reason' in session)
      streams.later(response, session.reason !== 'unknown' && session.reason !== 'unknown-filter');
    else streams.open(request, response, session);
  };
}
