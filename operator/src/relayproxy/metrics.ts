import { Counter, Gauge, type Registry } from 'prom-client';
import type { Store } from '../runtime/store-types.ts';
import { childTypes } from './children/children.ts';
import type { ContestReason } from './children/contests.ts';
import { connectionsLimit } from './connections-limit.ts';
import { parsed } from './parsed.ts';
import type { Deployment, RawRelayProxy } from './resources/kubernetes-types.ts';
import { relayName } from './resources/names.ts';
import { readyFloor } from './status/available.ts';
import { deploymentFacts } from './status/deployment-facts.ts';

/**
 * Registers the metrics about RelayProxies. They are read from the cache when they are asked for, so that those of a deleted one
 * are gone at once and followers, whose caches are warm, report the same.
 */
export function registerRelayProxyMetrics(
  registry: Registry,
  {
    relayProxies,
    deployments,
    fieldRecordCharacters = () => 0,
  }: {
    readonly relayProxies: Store<RawRelayProxy>;
    readonly deployments: Store<Deployment>;
    /** Of the caches of children. */
    readonly fieldRecordCharacters?: () => number;
  },
): void {
  new Gauge({
    name: 'flagrelay_operator_field_records_bytes',
    help: 'Size of the records of who set which field of the children, which their caches share; at most 4 MiB.',
    registers: [registry],
    collect() {
      this.set(fieldRecordCharacters());
    },
  });
  const gauge = <L extends string>(
    name: string,
    help: string,
    labelNames: readonly L[],
    read: (relayProxy: RawRelayProxy, set: (labels: Record<L, string>, value: number) => void) => void,
  ) =>
    new Gauge<L>({
      name: `flagrelay_relayproxy_${name}`,
      help,
      labelNames,
      registers: [registry],
      collect() {
        this.reset();
        for (const item of relayProxies.list()) {
          read(item, (labels, value) => this.set(labels as Partial<Record<L, string>>, value));
        }
      },
    });

  gauge('info', 'One for each RelayProxy.', ['namespace', 'name', 'version'], (item, set) => {
    set({ ...identity(item), version: item.status?.version ?? '' }, 1);
  });
  gauge(
    'condition',
    '1 for the status that the condition has.',
    ['namespace', 'name', 'type', 'status'],
    (item, set) => {
      for (const condition of item.status?.conditions ?? []) {
        for (const status of ['True', 'False', 'Unknown']) {
          set({ ...identity(item), type: condition.type, status }, Number(condition.status === status));
        }
      }
    },
  );
  gauge('environments', 'Environments by state.', ['namespace', 'name', 'state'], (item, set) => {
    const states = (item.status?.environments ?? []).map(({ state }) => state);
    for (const state of new Set(states)) {
      set({ ...identity(item), state }, states.filter((other) => other === state).length);
    }
  });
  gauge('pods', 'Pods by zone and readiness.', ['namespace', 'name', 'zone', 'ready'], (item, set) => {
    for (const { name: zone, replicas = 0, readyReplicas = 0 } of item.status?.zones ?? []) {
      set({ ...identity(item), zone, ready: 'true' }, readyReplicas);
      set({ ...identity(item), zone, ready: 'false' }, replicas - readyReplicas);
    }
  });
  const replicas = (name: string, help: string, value: (fleet: Fleet) => number) =>
    gauge(`${name}_replicas`, help, ['namespace', 'name'], (item, set) => {
      const fleet = fleetOf(item, deployments);
      if (fleet !== undefined) set(identity(item), value(fleet));
    });
  replicas('desired', 'Pods that there should be.', ({ desired }) => desired);
  replicas('ready', 'Pods that are ready.', ({ ready }) => ready);
  replicas('minimum', 'Fewest ready pods that the disruption budget allows.', ({ minimum }) => minimum);
  gauge('minimum_zones', 'Zones that must hold a ready pod.', ['namespace', 'name'], (item, set) => {
    const result = parsed(item);
    if (result.ok) set(identity(item), result.value.spec.zones.minZones);
  });
  gauge('connections', 'Open SDK streams, as pods report them.', ['namespace', 'name'], (item, set) => {
    const counts = (item.status?.instances ?? []).map(({ connections = 0 }) => connections);
    set(
      identity(item),
      counts.reduce((sum, count) => sum + count, 0),
    );
  });
  gauge(
    'connections_limit',
    'Open SDK streams that the fleet has room for at its largest, where the spec says.',
    ['namespace', 'name'],
    (item, set) => {
      const result = parsed(item);
      const limit = result.ok ? connectionsLimit(result.value) : undefined;
      if (limit !== undefined) set(identity(item), limit);
    },
  );
}

/** Numbers of pods of a RelayProxy. */
interface Fleet {
  readonly desired: number;
  readonly ready: number;
  readonly minimum: number;
}

/** From the Deployment. While there is none, one pod is wanted: that it cannot be made must show. Undefined for an invalid spec. */
function fleetOf(item: RawRelayProxy, deployments: Store<Deployment>): Fleet | undefined {
  const result = parsed(item);
  if (!result.ok) return undefined;
  const { spec } = result.value;
  const deployment = deployments.get({ namespace: item.metadata?.namespace, name: relayName(result.value) });
  const { desired, ready } =
    deployment === undefined ? { desired: spec.paused ? 0 : 1, ready: 0 } : deploymentFacts(deployment);
  return { desired, ready, minimum: desired === 0 ? 0 : readyFloor(spec.disruptionBudget, desired) };
}

/** What the operator did to fleets; labels are bounded by code, not by data. */
export interface FleetMetrics {
  readonly scalings: Counter<'direction'>;
  readonly rebalances: Counter;
  /** Polls of pods that do not report. */
  readonly polls: Counter<'result'>;
  /** Questions to pods that report, whether they still can. */
  readonly rounds: Counter<'result'>;
  /** Restarts of stuck pods. */
  readonly restarts: Counter<'result'>;
  /** Children that were put back after somebody had changed them. */
  readonly putBacks: Counter<'kind'>;
  /** Says where the number of contested children is read when it is asked for. */
  readonly contests: (count: (reason: ContestReason) => number) => void;
  /** Says where the number of RelayProxies that are left to another operator is read when it is asked for. */
  readonly leftAlone: (count: () => number) => void;
}

/** Registers {@link FleetMetrics}. Throws when they are registered there already. */
export function createFleetMetrics(registry: Registry): FleetMetrics {
  /** Each series is there from the start, so that its first increase is seen. */
  const results = (name: string, help: string, values: readonly string[]) => {
    const counter = new Counter({ name, help, labelNames: ['result'], registers: [registry] });
    for (const result of values) counter.inc({ result }, 0);
    return counter;
  };
  const putBacks = new Counter({
    name: 'flagrelay_operator_put_backs_total',
    help: 'Children that were put back after somebody had changed or deleted them.',
    labelNames: ['kind'],
    registers: [registry],
  });
  for (const { kind } of childTypes) putBacks.inc({ kind }, 0);
  let contested: (reason: ContestReason) => number = () => 0;
  new Gauge({
    name: 'flagrelay_operator_contested_children',
    help: 'Children that somebody else keeps from being what they should be: changed again after each put-back, or on the way into the API server.',
    labelNames: ['reason'],
    registers: [registry],
    collect() {
      for (const reason of ['DriftsBack', 'Overridden'] as const) this.set({ reason }, contested(reason));
    },
  });
  let left = () => 0;
  new Gauge({
    name: 'flagrelay_operator_relayproxies_left_alone',
    help: 'RelayProxies that this operator leaves alone because another one manages them.',
    registers: [registry],
    collect() {
      this.set(left());
    },
  });
  return {
    putBacks,
    leftAlone: (count) => {
      left = count;
    },
    contests: (count) => {
      contested = count;
    },
    polls: results(
      'flagrelay_operator_status_polls_total',
      'Pods that were asked for their status, as they do not report.',
      ['answered', 'invalid', 'refused', 'timeout', 'unreachable'],
    ),
    rounds: results(
      'flagrelay_operator_status_checks_total',
      'Pods that were asked whether what they reported still holds.',
      ['answered', 'invalid', 'refused', 'timeout', 'unreachable'],
    ),
    restarts: results('flagrelay_operator_instance_restarts_total', 'Stuck pods that were to be restarted.', [
      'evicted',
      'gone',
      'over_budget',
      'refused',
    ]),
    scalings: new Counter({
      name: 'flagrelay_operator_scalings_total',
      help: 'Changes of the number of pods by their connections.',
      labelNames: ['direction'],
      registers: [registry],
    }),
    rebalances: new Counter({
      name: 'flagrelay_operator_rebalances_total',
      help: 'Times that pods were asked to close some of their streams, because others had far fewer.',
      registers: [registry],
    }),
  };
}

function identity({ metadata }: RawRelayProxy): { namespace: string; name: string } {
  return { namespace: metadata?.namespace ?? '', name: metadata?.name ?? '' };
}
