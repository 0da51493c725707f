import type { Evaluations } from '../environment/evaluator.ts';
import type { ContextBodies } from '../http/context-bodies.ts';
import type { Route } from '../http/router.ts';
import { byOfrepCredential, type OfrepHandler, ofrepPreflight } from './access.ts';
import { evaluateAll, evaluateOne } from './evaluate.ts';

/** What the OFREP endpoints are made of. */
export interface OfrepOptions {
  readonly evaluations: Evaluations;
  /** How contexts are read. */
  readonly bodies: ContextBodies;
}

/** The endpoints of OpenFeature's Remote Evaluation Protocol 0.3.0, for the flags of any dialect. */
export function ofrepRoutes({ evaluations, bodies }: OfrepOptions): Route[] {
  const routes = (path: string, name: string, handler: OfrepHandler): Route[] => [
    { method: 'POST', path, name, handler: byOfrepCredential(evaluations, handler) },
    { method: 'OPTIONS', path, name: 'preflight', handler: ofrepPreflight },
  ];
  return [
    ...routes('/ofrep/v1/evaluate/flags', 'ofrep_bulk', evaluateAll(bodies)),
    ...routes('/ofrep/v1/evaluate/flags/:key', 'ofrep', evaluateOne(bodies)),
  ];
}
