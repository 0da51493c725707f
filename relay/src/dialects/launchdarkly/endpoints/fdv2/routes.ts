import type { Registry } from '../../../../environment/registry.ts';
import type { Route } from '../../../../http/router.ts';
import type { LaunchDarkly } from '../../outlet/outlet.ts';
import type { EvalxOptions } from '../evalx.ts';
import { byKey } from '../select.ts';
import type { StreamOptions } from '../stream-handlers.ts';
import { evalPingStream, evalPoll } from './client.ts';
import { byClientCredential, type ClientHandler, clientPreflight } from './select.ts';
import { serverPayloadStream, serverPoll } from './server.ts';

/** What the FDv2 endpoints are made of. */
export interface Fdv2Options {
  readonly registry: Registry<LaunchDarkly>;
  readonly evaluation: EvalxOptions;
  readonly streams: StreamOptions;
}

/** The endpoints of SDKs that speak FDv2, which came with ld-relay 9 (contract 11.3). */
export function fdv2Routes({ registry, evaluation, streams }: Fdv2Options): Route[] {
  const client = (method: string, path: string, name: string, handler: ClientHandler): Route[] => {
    const methods = `${method},OPTIONS`;
    return [
      { method, path, name, handler: byClientCredential(registry, methods, handler) },
      { method: 'OPTIONS', path, name: 'preflight', handler: clientPreflight(registry, methods) },
    ];
  };
  const poll = evalPoll(evaluation);
  const stream = evalPingStream(streams);
  const serverStream = byKey(registry, 'sdk', serverPayloadStream(streams));
  const pollAll = byKey(registry, 'sdk', serverPoll(evaluation.compression, streams));
  return [
    { method: 'GET', path: '/sdk/stream', name: 'fdv2_stream', handler: serverStream },
    { method: 'GET', path: '/sdk/poll', name: 'fdv2_poll', handler: pollAll },
    ...client('GET', '/sdk/stream/eval/:context', 'fdv2_stream_eval', stream),
    ...client('POST', '/sdk/stream/eval', 'fdv2_stream_eval', stream),
    ...client('GET', '/sdk/poll/eval/:context', 'fdv2_poll_eval', poll),
    ...client('POST', '/sdk/poll/eval', 'fdv2_poll_eval', poll),
  ];
}
