import type { Server } from 'node:http';
import type { RelayConfig } from '../config/document.ts';
import type { StreamServices } from '../dialects/dialect.ts';
import { BodyReader } from '../http/body.ts';
import { renewCertificate } from '../http/certificate.ts';
import { type GuardedConnections, guardConnections } from '../http/connection-guard.ts';
import type { ContextBodies } from '../http/context-bodies.ts';
import { EarlyRequests } from '../http/early-requests.ts';
import { closeServer, createSdkServer } from '../http/listener.ts';
import { createRequestLog } from '../http/request-log.ts';
import type { Route } from '../http/router.ts';
import { createSdkDispatcher } from '../http/sdk-dispatcher.ts';
import type { ReadBounds } from '../http/slow-readers.ts';
import { createTakeover } from '../http/takeover.ts';
import { Turns } from '../http/turns.ts';
import { UnreadAnswers } from '../http/unread-answers.ts';
import { FairBytes } from '../memory/fair-bytes.ts';
import type { Shares } from '../memory/shares.ts';
import { createAdmission } from '../streams/admission.ts';
import { StreamLimits } from '../streams/limits.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';

/** Bytes of a context where nothing else is configured. */
const MAX_CONTEXT_BYTES = 1024 * 1024;

/** Requests in the first moments of a process wait for data so long at most, in ms. */
const EARLY_HOLD_MS = 2_000;

/** The server that SDKs talk to, with everything that bounds what they can take. It does not listen yet. */
export interface SdkListener extends AsyncDisposable {
  readonly server: Server;
  readonly connections: GuardedConnections;
  readonly bodies: ContextBodies;
  /** What clients together are bounded in, by what it is, in bytes. */
  readonly memory: { readonly bodies: FairBytes; readonly answers: UnreadAnswers };
  readonly streams: StreamServices;
  /** Answers requests by these routes from now on. Called once, before it listens. */
  answer(routes: readonly Route[], options: AnswerOptions): void;
  /** Hands on the requests that wait: the relay goes down. */
  release(): void;
  /** An environment has changed: requests that wait for its data may go on. */
  changed(): void;
}

/** How requests are answered. */
export interface AnswerOptions {
  /** Paths that begin so are answered before there are data. */
  readonly ownPaths: readonly string[];
  /** There is nothing more to wait for. */
  readonly settled: () => boolean;
  /** Connections are not kept for another request. */
  readonly draining: () => boolean;
}

/** What {@link createSdkListener} counts in, and says of certificates. */
export interface SdkListenerDeps {
  readonly shares: Shares;
  readonly metrics: Pick<Metrics, 'connectionsCut' | 'connectionsRefused' | 'streamsShed' | 'requests'>;
  readonly logger: Logger;
  /** Hears why the certificate's files cannot be used; undefined when they can. */
  readonly onAbsent: (problem: string | undefined) => void;
}

/**
 * Makes the SDK listener.
 * @throws {StartupError} when a TLS file cannot be read or used
 */
export function createSdkListener(config: RelayConfig, deps: SdkListenerDeps): SdkListener {
  const { shares, metrics, logger } = deps;
  const { tls, maxHeaderBytes, maxRequestBodyBytes, maxContextValues, maxContextMembers } = config.server;
  const reader = new BodyReader(new FairBytes(shares.bodyBytes));
  const unread = new UnreadAnswers(shares.answerBytes, () => metrics.connectionsCut.inc({ reason: 'answers' }));
  const turns = new Turns(() => metrics.connectionsCut.inc({ reason: 'pipelined' }));
  const server = createSdkServer(tls, maxHeaderBytes);
  const connections = guardConnections(
    server,
    tls !== undefined,
    { maxConnections: shares.connections, maxHeaderBytes, headBytes: shares.headBytes, reading: readBoundsOf(config) },
    {
      refused: () => metrics.connectionsRefused.inc(),
      cut: (reason) => metrics.connectionsCut.inc({ reason }),
    },
  );
  const renewal = tls === undefined ? undefined : renewCertificate(server, tls, logger, { onAbsent: deps.onAbsent });
  let early: EarlyRequests | undefined;
  return {
    server,
    connections,
    bodies: {
      reader,
      maxBytes: maxRequestBodyBytes ?? MAX_CONTEXT_BYTES,
      bounds: { maxValues: maxContextValues, maxMembers: maxContextMembers },
    },
    memory: { bodies: reader.budget, answers: unread },
    streams: {
      takeover: createTakeover(server),
      admission: createAdmission({
        maxConcurrent: config.server.initMaxConcurrent,
        maxQueued: config.server.initMaxQueued,
        sendTimeoutMs: config.server.initSendTimeoutMs,
      }),
      limits: streamLimits(config, shares.connections),
      shed: (reason) => metrics.streamsShed.inc({ reason }),
    },
    answer(routes, { ownPaths, settled, draining }) {
      const dispatch = createSdkDispatcher({
        routes,
        requests: metrics.requests,
        unread,
        draining,
        logger,
        ...(config.log.level === 'debug' ? { requestLog: createRequestLog(logger) } : {}),
      });
      const waiting = new EarlyRequests({ settled, ownPaths, holdMs: EARLY_HOLD_MS });
      early = waiting;
      const inTurn = turns.inTurn(waiting.held(dispatch));
      server.on('request', inTurn);
      // Node would answer 417; ld-relay ignores what a client expects.
      server.on('checkExpectation', inTurn);
      server.on(
        'checkContinue',
        turns.inTurn(
          waiting.held((request, response) => {
            response.writeContinue();
            dispatch(request, response);
          }),
        ),
      );
    },
    changed: () => early?.changed(),
    release: () => early?.close(),
    async [Symbol.asyncDispose]() {
      early?.close();
      renewal?.close();
      connections.close();
      await closeServer(server);
    },
  };
}

function readBoundsOf({ server }: RelayConfig): ReadBounds {
  return {
    unreadTimeoutMs: server.unreadTimeoutMs,
    minBytesPerSecond: server.clientWriteMinBytesPerSecond,
    slackMs: server.clientWriteSlackMs,
    maxMs: server.clientWriteMaxTimeMs,
  };
}

/** Of all connections, those that streams with mobile keys and client-side IDs may have: servers find room whatever the public does. */
const PUBLIC_STREAMS_PART = 7 / 8;

function streamLimits({ server }: RelayConfig, connections: number): StreamLimits {
  const together = Math.max(1, Math.floor(connections * PUBLIC_STREAMS_PART));
  return new StreamLimits(
    { perCredential: server.maxStreamsPerCredential, perAddress: server.maxStreamsPerAddress },
    {
      perCredential: server.maxPublicStreamsPerCredential ?? 'fair',
      perAddress: server.maxPublicStreamsPerAddress,
      together,
    },
  );
}
