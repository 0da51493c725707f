import { Gauge, type Registry } from 'prom-client';
import { naming } from './definition.ts';
import { ENVIRONMENT_METRICS } from './environments.ts';
import { HTTP_METRICS } from './http.ts';
import { type Instruments, instrumentsOf } from './instruments.ts';
import { PROCESS_METRICS } from './process.ts';
import type { ConfigSources, MetricSources } from './sources.ts';
import { STREAM_METRICS } from './streams.ts';

const LINK_STATES = ['INITIALIZING', 'VALID', 'INTERRUPTED', 'OFF'];

/** Registers everything that is read when metrics are scraped. */
export function registerSampled(registry: Registry, sources: MetricSources): void {
  const instruments = instrumentsOf(registry);
  registerEnvironments(instruments, sources);
  registerConfig(registry, sources.config);
  registerClients(instruments, sources);
  const { refusedItems, largeEvaluations } = sources;
  if (refusedItems !== undefined) registerRefusedItems(registry, refusedItems);
  if (largeEvaluations !== undefined) {
    instruments.tallied(PROCESS_METRICS.largeEvaluations, (self) => self.inc(largeEvaluations()));
  }
}

function registerEnvironments({ sampled }: Instruments, sources: MetricSources): void {
  sampled(ENVIRONMENT_METRICS.environments, (self) => self.set(sources.environments().length));
  sampled(ENVIRONMENT_METRICS.ready, (self) => self.set(sources.ready() ? 1 : 0));
  const { refused, active } = sources;
  if (refused !== undefined) {
    sampled(ENVIRONMENT_METRICS.environmentsRefused, (self) => {
      for (const environment of refused()) self.set({ environment }, 1);
    });
  }
  if (active !== undefined) sampled(ENVIRONMENT_METRICS.active, (self) => self.set(active() ? 1 : 0));
  sampled(ENVIRONMENT_METRICS.linkState, (self) => {
    for (const one of sources.environments()) {
      for (const state of LINK_STATES) self.set({ environment: one.name, state }, one.state === state ? 1 : 0);
    }
  });
  sampled(ENVIRONMENT_METRICS.connected, (self) => {
    for (const one of sources.environments()) self.set({ environment: one.name }, one.connected ? 1 : 0);
  });
  sampled(ENVIRONMENT_METRICS.storeUp, (self) => {
    for (const one of sources.environments()) self.set({ environment: one.name }, one.storeUp ? 1 : 0);
  });
  sampled(PROCESS_METRICS.credentialMissing, (self) => {
    for (const one of sources.environments()) self.set({ environment: one.name }, one.credentialMissing ? 1 : 0);
  });
  sampled(ENVIRONMENT_METRICS.expiringKeys, (self) => {
    for (const one of sources.environments()) self.set({ environment: one.name }, one.keyExpiries.length);
  });
  sampled(ENVIRONMENT_METRICS.nextKeyExpiry, (self) => {
    for (const { name, keyExpiries } of sources.environments()) {
      if (keyExpiries.length > 0) self.set({ environment: name }, Math.min(...keyExpiries) / 1000);
    }
  });
  sampled(ENVIRONMENT_METRICS.dataAge, (self) => {
    for (const one of sources.environments()) {
      if (one.dataAgeMs !== undefined) self.set({ environment: one.name }, one.dataAgeMs / 1000);
    }
  });
}

/** What clients take: connections, memory, and the cache of their evaluations. */
function registerClients({ sampled, tallied }: Instruments, sources: MetricSources): void {
  const { connections, firstPayloads, memory, memoryRefused, evaluationCache } = sources;
  if (connections !== undefined) sampled(HTTP_METRICS.connections, (self) => self.set(connections()));
  if (firstPayloads !== undefined) {
    sampled(STREAM_METRICS.firstPayloads, (self) => {
      const { held, waiting } = firstPayloads();
      self.set({ state: 'held' }, held);
      self.set({ state: 'waiting' }, waiting);
    });
  }
  if (memory !== undefined) {
    sampled(HTTP_METRICS.memoryBytes, (self) => {
      for (const [of, { used }] of Object.entries(memory())) self.set({ of }, used);
    });
    sampled(HTTP_METRICS.memoryLimit, (self) => {
      for (const [of, { limit }] of Object.entries(memory())) self.set({ of }, limit);
    });
  }
  if (memoryRefused !== undefined) {
    tallied(HTTP_METRICS.memoryRefused, (self) => {
      for (const [of, times] of Object.entries(memoryRefused())) self.inc({ of }, times);
    });
  }
  if (evaluationCache !== undefined) {
    sampled(HTTP_METRICS.evaluationCacheBytes, (self) => self.set(evaluationCache().bytes));
    tallied(HTTP_METRICS.evaluationCacheRequests, (self) => {
      const { hits, misses } = evaluationCache();
      self.inc({ result: 'hit' }, hits);
      self.inc({ result: 'miss' }, misses);
    });
  }
}

/** Registers the counter of items that a process left out. */
export function registerRefusedItems(
  registry: Registry,
  refusedItems: () => Readonly<Record<'flags' | 'segments', number>>,
): void {
  instrumentsOf(registry).tallied(PROCESS_METRICS.itemsRefused, (self) => {
    for (const [kind, count] of Object.entries(refusedItems())) self.inc({ kind }, count);
  });
}

/** Registers what a process reports of its configuration. */
export function registerConfig(registry: Registry, { held, absences }: ConfigSources): void {
  instrumentsOf(registry).sampled(PROCESS_METRICS.configHeld, (self) => self.set(held().length));
  // Not reset: an input that was missing once keeps its row, with 0.
  new Gauge({
    ...naming(PROCESS_METRICS.inputMissing),
    labelNames: [...PROCESS_METRICS.inputMissing.labels],
    registers: [registry],
    collect() {
      for (const { input, missing } of absences.states()) this.set({ input }, missing ? 1 : 0);
    },
  });
}
