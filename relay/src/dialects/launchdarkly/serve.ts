import type { ServeDeps, Serving } from '../dialect.ts';
import { AnswerCache } from './endpoints/answer-cache.ts';
import { observeClients } from './endpoints/clients.ts';
import { exposeEnvironmentId } from './endpoints/cors.ts';
import { createEvaluations } from './endpoints/evaluator.ts';
import { createEventHandlers } from './endpoints/events.ts';
import { createGoalsHandler } from './endpoints/goals.ts';
import { createLdRelayMetrics } from './endpoints/ld-relay-metrics.ts';
import { launchDarklyRoutes } from './endpoints/routes.ts';
import { createUsage } from './endpoints/usage.ts';
import { limitPatternSteps } from './evaluation/pattern.ts';
import { limitTurns, turnsDone, turnsMemory } from './evaluation/turns.ts';
import type { LaunchDarkly } from './outlet/outlet.ts';
import { statusRoutes } from './status/routes.ts';
import { createStatusSource } from './status/source.ts';

/** Makes the endpoints for LaunchDarkly's SDKs and its `/status`, with what goes to LaunchDarkly because of them. */
export function serveLaunchDarkly(deps: ServeDeps<LaunchDarkly>): Serving {
  const { config, dispatcher, logger, registry, metrics, bodies } = deps;
  limitTurns(deps.contextBytes);
  limitPatternSteps(config.server.maxPatternSteps);
  exposeEnvironmentId(config.server.exposeEnvironmentId);
  const answers = new AnswerCache(config.server.evaluationCacheBytes);
  const events = createEventHandlers({ config, dispatcher, metrics, registry, bodies: bodies.reader });
  const usage = createUsage(config, dispatcher, registry, logger);
  const observers = [
    ...(config.ldRelayMetrics ? [createLdRelayMetrics(metrics.registry, config.ldRelayMetrics.prefix)] : []),
    ...(usage === undefined ? [] : [usage.observer]),
  ];
  const sdkRoutes = launchDarklyRoutes({
    registry,
    evaluation: { bodies, compression: config.server.compression, answers },
    streams: { ...deps.streams, bodies },
    events: {
      ...events.handlers,
      goals: createGoalsHandler({ config, dispatcher, shed: () => metrics.goalsShed.inc() }),
    },
  });
  const status = createStatusSource(registry, {
    version: deps.version,
    disconnectedAfterMs: config.upstream.disconnectedAfterMs,
    bigSegmentsStaleAsDegraded: config.bigSegments.staleAsDegraded,
  });
  return {
    routes: [
      ...(observers.length === 0 ? sdkRoutes : observeClients(sdkRoutes, registry, observers)),
      ...statusRoutes(status),
    ],
    evaluations: createEvaluations(registry),
    ownPaths: ['/status'],
    memory: () => ({ contexts: turnsMemory(), events: events.memory }),
    evaluationCache: () => answers.use,
    largeEvaluations: turnsDone,
    hurry: events.hurry,
    flush: events.close,
    async close() {
      await events.close();
      await usage?.close();
    },
  };
}
