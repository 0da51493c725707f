import type { RelayProxy } from '@flagrelay/crds';
import type { V1Affinity, V1NodeSelectorTerm, V1TopologySpreadConstraint } from '@kubernetes/client-node';
import { selectorLabels } from './names.ts';

const hostname = 'kubernetes.io/hostname';

/**
 * Spreads pods over zones and, within them, over nodes. Tainted nodes do not count (`nodeTaintsPolicy`): the zone of a
 * drained node would otherwise wait for a pod that it cannot run, and the drain would never end. Pods of different
 * rollouts do not count together (`matchLabelKeys`): the spread would be uneven once the old ones are gone. What the user
 * adds comes last, and in the place of ours where it is about nodes. Where nodes are the zones one constraint is about both: the
 * API server refuses two for the same key.
 */
export function topologySpread(relayProxy: RelayProxy): V1TopologySpreadConstraint[] {
  const { zones } = relayProxy.spec;
  const common = {
    labelSelector: { matchLabels: selectorLabels(relayProxy) },
    matchLabelKeys: ['pod-template-hash'],
    nodeTaintsPolicy: 'Honor',
  };
  const required = zones.policy === 'Required';
  const given = userConstraints(relayProxy);
  const host = { topologyKey: hostname, maxSkew: 1, whenUnsatisfiable: 'ScheduleAnyway', ...common };
  const aboutNodes = [zones, ...given].some(({ topologyKey }) => topologyKey === hostname);
  return [
    {
      topologyKey: zones.topologyKey,
      maxSkew: zones.maxSkew,
      whenUnsatisfiable: required ? 'DoNotSchedule' : 'ScheduleAnyway',
      // The API server refuses minDomains with ScheduleAnyway.
      ...(required && { minDomains: zones.minZones }),
      ...common,
    },
    ...(aboutNodes ? [] : [host]),
    ...given,
  ];
}

/** The user's own constraints; they count the pods of this RelayProxy unless they say which. */
function userConstraints(relayProxy: RelayProxy): V1TopologySpreadConstraint[] {
  const labelSelector = { matchLabels: selectorLabels(relayProxy) };
  const given = relayProxy.spec.podTemplate.topologySpreadConstraints ?? [];
  return given.map((constraint) => ({ maxSkew: 1, labelSelector, ...structuredClone(constraint) }));
}

/** The affinity that the user asks for, and pods only in the named zones; undefined when neither is asked for. */
export function affinityOf({ spec }: RelayProxy): V1Affinity | undefined {
  const given = spec.podTemplate.affinity as V1Affinity | undefined;
  const { names = [], topologyKey } = spec.zones;
  if (names.length === 0) return given;
  const inZones = { key: topologyKey, operator: 'In', values: [...names].sort() };
  const required = given?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  // Terms are alternatives, so that each of them must name the zones.
  const terms = (required?.nodeSelectorTerms ?? [{}]).map(
    (term: V1NodeSelectorTerm): V1NodeSelectorTerm => ({
      ...term,
      matchExpressions: [...(term.matchExpressions ?? []), inZones],
    }),
  );
  return {
    ...given,
    nodeAffinity: {
      ...given?.nodeAffinity,
      requiredDuringSchedulingIgnoredDuringExecution: { ...required, nodeSelectorTerms: terms },
    },
  };
}
