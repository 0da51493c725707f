import type { RelayProxy, RelayProxySpec, RelayProxyStatus } from '@flagrelay/crds';
import { carries, MAX_PODS, podsLost } from './fleet.ts';
import { type Plan, planOf, type Sizing } from './plan.ts';
import { type Quantity, quantityValue } from './quantity.ts';

/** `status.sizing`. */
export type SizingStatus = NonNullable<RelayProxyStatus['sizing']>;

/** The API refuses longer messages. */
const MAX_MESSAGE = 1024;

/** Says how the fleet was sized, and why; undefined without `spec.capacity`. */
export function sizingStatus(relayProxy: RelayProxy): SizingStatus | undefined {
  const { spec } = relayProxy;
  const plan = planOf(relayProxy);
  const { sizing, scaling, replicas, resources } = plan;
  if (sizing === undefined) return undefined;
  const short = shortfalls(spec, plan, sizing);
  const sentences = [
    why(plan, sizing),
    whoSaidSo(spec),
    ...short.map((text) => `Below what the capacity needs: ${text}.`),
  ];
  return {
    concurrentConnections: sizing.connections,
    replicas,
    ...(scaling && { maxReplicas: scaling.max }),
    connectionsPerReplica: sizing.connectionsPerPod,
    requests: { ...resources.requests },
    limits: { ...resources.limits },
    sufficient: short.length === 0,
    message: sentences.filter(Boolean).join(' ').slice(0, MAX_MESSAGE),
  };
}

function why({ replicas, scaling }: Plan, { connections, connectionsPerPod, spread }: Sizing): string {
  const lost = spread.zones < 2 ? 'while a pod is lost' : `while the fullest of ${spread.zones} zones is lost`;
  const pods =
    scaling === undefined
      ? `${replicas} pods: twice the ${number(connections)} connections that are expected must fit, and all that are expected ${lost}`
      : `${replicas} to ${scaling.max} pods: the ${number(connections)} connections that are expected must fit ${lost}, and twice as many at most`;
  return `${pods}. Each pod has room for ${number(connectionsPerPod)}; none should have more than ${number(spread.mostPerPod)}.`;
}

/** What in the spec was set by somebody and was therefore not chosen. */
function whoSaidSo(spec: RelayProxySpec): string {
  const { autoscaling, resources } = spec;
  const set = [
    ...(autoscaling === undefined && spec.replicas !== undefined ? ['replicas'] : []),
    ...(['minReplicas', 'maxReplicas'] as const)
      .filter((name) => autoscaling?.[name] !== undefined)
      .map((name) => `autoscaling.${name}`),
    ...(['requests', 'limits'] as const).flatMap((map) => {
      const names = Object.keys(resources?.[map] ?? {});
      return names.length === 0 && resources?.[map] !== undefined
        ? [`resources.${map}`]
        : names.map((name) => `resources.${map}.${name}`);
    }),
  ];
  return set.length === 0 ? '' : `Set in the spec, and left so: ${set.map((name) => `\`${name}\``).join(', ')}.`;
}

/** What the spec sets lower than the capacity needs. */
function shortfalls(spec: RelayProxySpec, plan: Plan, sizing: Sizing): string[] {
  const { needed, spread, connections, connectionsPerPod } = sizing;
  const below = (name: string, given: number | undefined, least: number) =>
    given !== undefined && given < least ? [`\`${name}\` is ${given}, ${least} are needed`] : [];
  const counts =
    spec.autoscaling === undefined
      ? below('replicas', spec.replicas, needed.replicas)
      : [
          ...below('autoscaling.minReplicas', spec.autoscaling.minReplicas, needed.replicas),
          ...below('autoscaling.maxReplicas', spec.autoscaling.maxReplicas, needed.maxReplicas),
        ];
  const { requests, limits } = spec.resources ?? {};
  const less = (name: string, given: Quantity | undefined, least: string) =>
    given !== undefined && quantityValue(given) < quantityValue(least)
      ? [`\`resources.${name}\` is ${given}, ${number(connectionsPerPod)} connections need ${least}`]
      : [];
  const most = plan.scaling?.max ?? plan.replicas;
  const load = { all: 2 * connections, reduced: connections };
  const tooMany =
    counts.length === 0 && !carries(most, load, spread)
      ? [
          `${most} pods${most === MAX_PODS ? ', the most there may be,' : ''} cannot carry it with ${number(spread.mostPerPod)} connections each`,
        ]
      : [];
  const overTarget = plan.scaling?.by === 'connections' && 2 * plan.scaling.target > spread.mostPerPod;
  return [
    ...counts,
    ...tooMany,
    ...(overTarget
      ? [
          `\`autoscaling.targetConnectionsPerReplica\` leaves a pod no room for twice as many; at most ${number(spread.mostPerPod / 2)} does`,
        ]
      : []),
    ...less('requests.cpu', requests?.cpu, needed.resources.cpu),
    ...less('requests.memory', requests?.memory, needed.resources.memory),
    ...less('limits.cpu', limits?.cpu, needed.resources.cpu),
    ...less('limits.memory', limits?.memory, needed.resources.memory),
    ...(spread.zones < 2 || podsLost(most, spread) >= most
      ? ['`zones` lets one zone have all pods; two are needed']
      : []),
  ];
}

function number(value: number): string {
  return value.toLocaleString('en');
}
