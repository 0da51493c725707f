import type { RelayProxy } from '@flagrelay/crds';

/** What of a RelayProxy says for how many connections it was made. */
export interface SizedRelayProxy {
  readonly spec: {
    readonly autoscaling?:
      | Pick<NonNullable<RelayProxy['spec']['autoscaling']>, 'targetConnectionsPerReplica' | 'maxReplicas'>
      | undefined;
  };
  readonly status?:
    | {
        readonly sizing?:
          | Pick<
              NonNullable<NonNullable<RelayProxy['status']>['sizing']>,
              'replicas' | 'maxReplicas' | 'connectionsPerReplica'
            >
          | undefined;
      }
    | undefined;
}

/**
 * Open SDK streams that the fleet has room for when it is as large as it may become; undefined when neither `capacity` nor
 * `autoscaling.targetConnectionsPerReplica` says.
 */
export function connectionsLimit({ spec, status }: SizedRelayProxy): number | undefined {
  const { targetConnectionsPerReplica: target, maxReplicas } = spec.autoscaling ?? {};
  const { sizing } = status ?? {};
  const most = maxReplicas ?? sizing?.maxReplicas ?? sizing?.replicas;
  const each = target ?? sizing?.connectionsPerReplica;
  return most === undefined || each === undefined ? undefined : most * each;
}
