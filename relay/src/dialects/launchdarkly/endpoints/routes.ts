import type { Registry } from '../../../environment/registry.ts';
import { sendEmpty } from '../../../http/reply.ts';
import type { Handler, Route } from '../../../http/router.ts';
import type { LaunchDarkly } from '../outlet/outlet.ts';
import { type EvalxOptions, evalx } from './evalx.ts';
import { fdv2Routes } from './fdv2/routes.ts';
import { inTurn } from './poll-turn.ts';
import { allFlags, latestAll, oneItem } from './polling.ts';
import { byEnvironmentId, byKey, type EnvironmentHandler } from './select.ts';
import { evalStream, pingStream, type StreamOptions, serverStream } from './stream-handlers.ts';

/** Handlers of the analytics endpoints, made in `events.ts` and `goals.ts`. */
export interface EventHandlers {
  readonly serverBulk: EnvironmentHandler;
  readonly serverDiagnostic: EnvironmentHandler;
  readonly mobileBulk: EnvironmentHandler;
  readonly mobileDiagnostic: EnvironmentHandler;
  readonly browserBulk: EnvironmentHandler;
  readonly browserDiagnostic: EnvironmentHandler;
  readonly pixel: EnvironmentHandler;
  readonly goals: EnvironmentHandler;
}

/** What the endpoints are made of. */
export interface RouteOptions {
  readonly registry: Registry<LaunchDarkly>;
  readonly evaluation: EvalxOptions;
  readonly streams: StreamOptions;
  readonly events: EventHandlers;
}

/** Every endpoint of LaunchDarkly's SDKs (contract 1.3). */
export function launchDarklyRoutes(options: RouteOptions): Route[] {
  return [...serverRoutes(options), ...mobileRoutes(options), ...browserRoutes(options), ...fdv2Routes(options)];
}

function serverRoutes({ registry, evaluation, streams, events }: RouteOptions): Route[] {
  const key = (handler: EnvironmentHandler): Handler => byKey(registry, 'sdk', handler);
  const evaluate = key(evalx('server', evaluation));
  return [
    { method: 'GET', path: '/all', name: 'all', handler: key(serverStream('all', streams)) },
    { method: 'GET', path: '/flags', name: 'flags', handler: key(serverStream('flags', streams)) },
    {
      method: 'GET',
      path: '/sdk/flags',
      name: 'sdk_flags',
      handler: key(inTurn(streams, allFlags(evaluation.compression))),
    },
    { method: 'GET', path: '/sdk/flags/:key', name: 'sdk_flag', handler: key(oneItem('flags')) },
    { method: 'GET', path: '/sdk/segments/:key', name: 'sdk_segment', handler: key(oneItem('segments')) },
    {
      method: 'GET',
      path: '/sdk/latest-all',
      name: 'sdk_latest_all',
      handler: key(inTurn(streams, latestAll(evaluation.compression))),
    },
    { method: 'GET', path: '/sdk/evalx/contexts/:context', name: 'sdk_evalx', handler: evaluate },
    { method: 'GET', path: '/sdk/evalx/users/:context', name: 'sdk_evalx', handler: evaluate },
    { method: 'REPORT', path: '/sdk/evalx/context', name: 'sdk_evalx', handler: evaluate },
    { method: 'REPORT', path: '/sdk/evalx/user', name: 'sdk_evalx', handler: evaluate },
    { method: 'POST', path: '/bulk', name: 'events', handler: key(events.serverBulk) },
    { method: 'POST', path: '/diagnostic', name: 'diagnostic', handler: key(events.serverDiagnostic) },
  ];
}

function mobileRoutes({ registry, evaluation, streams, events }: RouteOptions): Route[] {
  const key = (handler: EnvironmentHandler): Handler => byKey(registry, 'mobile', handler);
  const evaluate = key(evalx('mobile', evaluation));
  const stream = key(evalStream(false, streams));
  const bulk = key(events.mobileBulk);
  return [
    { method: 'GET', path: '/msdk/evalx/contexts/:context', name: 'msdk_evalx', handler: evaluate },
    { method: 'GET', path: '/msdk/evalx/users/:context', name: 'msdk_evalx', handler: evaluate },
    { method: 'REPORT', path: '/msdk/evalx/context', name: 'msdk_evalx', handler: evaluate },
    { method: 'REPORT', path: '/msdk/evalx/user', name: 'msdk_evalx', handler: evaluate },
    { method: 'GET', path: '/meval/:context', name: 'meval', handler: stream },
    { method: 'REPORT', path: '/meval', name: 'meval', handler: stream },
    { method: 'GET', path: '/mping', name: 'mping', handler: key(pingStream(streams)) },
    { method: 'POST', path: '/mobile', name: 'events', handler: bulk },
    { method: 'POST', path: '/mobile/events', name: 'events', handler: bulk },
    { method: 'POST', path: '/mobile/events/bulk', name: 'events', handler: bulk },
    {
      method: 'POST',
      path: '/mobile/events/diagnostic',
      name: 'diagnostic',
      handler: key(events.mobileDiagnostic),
    },
  ];
}

function browserRoutes({ registry, evaluation, streams, events }: RouteOptions): Route[] {
  /** The route itself and its preflight, which wants an environment that exists and is ready. */
  const withPreflight = (method: string, path: string, name: string, handler: EnvironmentHandler): Route[] => {
    const methods = `${method},OPTIONS`;
    return [
      { method, path, name, handler: byEnvironmentId(registry, methods, handler) },
      { method: 'OPTIONS', path, name: 'preflight', handler: byEnvironmentId(registry, methods, preflight) },
    ];
  };
  const evaluate = evalx('browser', evaluation);
  const stream = evalStream(true, streams);
  return [
    ...withPreflight('GET', '/sdk/goals/:env', 'goals', events.goals),
    ...withPreflight('GET', '/sdk/evalx/:env/contexts/:context', 'js_evalx', evaluate),
    ...withPreflight('GET', '/sdk/evalx/:env/users/:context', 'js_evalx', evaluate),
    ...withPreflight('REPORT', '/sdk/evalx/:env/context', 'js_evalx', evaluate),
    ...withPreflight('REPORT', '/sdk/evalx/:env/user', 'js_evalx', evaluate),
    ...withPreflight('GET', '/eval/:env/:context', 'eval', stream),
    ...withPreflight('REPORT', '/eval/:env', 'eval', stream),
    ...withPreflight('GET', '/ping/:env', 'ping', pingStream(streams)),
    ...withPreflight('POST', '/events/bulk/:env', 'events', events.browserBulk),
    ...withPreflight('POST', '/events/diagnostic/:env', 'diagnostic', events.browserDiagnostic),
    ...withPreflight('GET', '/a/:env.gif', 'pixel', events.pixel),
  ];
}

/** 200 without a body (contract 1.3, 1.7). */
const preflight: EnvironmentHandler = (_request, response, { cors }) => sendEmpty(response, 200, cors);
