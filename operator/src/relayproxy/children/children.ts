import type { RelayProxy } from '@flagrelay/crds';
import type { Feature } from '../../permissions.ts';
import type { KubernetesObject, ResourceType } from '../../runtime/objects.ts';
import type { Store } from '../../runtime/store-types.ts';
import { buildConfigMap } from '../resources/config-map.ts';
import { buildDeployment } from '../resources/deployment.ts';
import type { Facts } from '../resources/facts.ts';
import { buildHorizontalPodAutoscaler } from '../resources/horizontal-pod-autoscaler.ts';
import { buildHttpRoute } from '../resources/http-route.ts';
import { buildIngress } from '../resources/ingress.ts';
import { type Deployment, types } from '../resources/kubernetes-types.ts';
import { buildLease } from '../resources/lease.ts';
import { buildMetricsService } from '../resources/metrics-service.ts';
import { buildNetworkPolicy } from '../resources/network-policy.ts';
import { buildPodDisruptionBudget } from '../resources/pod-disruption-budget.ts';
import { buildPrometheusRule } from '../resources/prometheus-rule.ts';
import { buildRole } from '../resources/role.ts';
import { buildRoleBinding } from '../resources/role-binding.ts';
import { buildService } from '../resources/service.ts';
import { buildServiceAccount } from '../resources/service-account.ts';
import { buildServiceMonitor } from '../resources/service-monitor.ts';

/** A kind of child and what makes it: an object, or undefined when it is not wanted. A kind may be there more than once. */
export interface ChildKind {
  readonly type: ResourceType;
  /** For a kind that the cluster may not have: the field of the spec that asks for it, to be named where it is missing. */
  readonly optional?: { readonly askedBy: string; readonly feature: Feature };
  readonly build: (relayProxy: RelayProxy, facts: Facts) => KubernetesObject | undefined;
}

/** All children, in the order in which they are applied: what pods need comes before the pods. */
export const childKinds: readonly ChildKind[] = [
  { type: types.serviceAccount, build: buildServiceAccount },
  { type: types.role, build: buildRole },
  { type: types.roleBinding, build: buildRoleBinding },
  { type: types.configMap, build: buildConfigMap },
  { type: types.lease, build: buildLease },
  { type: types.networkPolicy, build: buildNetworkPolicy },
  { type: types.service, build: buildService },
  { type: types.ingress, build: buildIngress },
  { type: types.httpRoute, optional: { askedBy: 'spec.httpRoute', feature: 'httpRoute' }, build: buildHttpRoute },
  { type: types.service, build: buildMetricsService },
  {
    type: types.serviceMonitor,
    optional: { askedBy: 'spec.metrics.serviceMonitor.enabled', feature: 'serviceMonitor' },
    build: buildServiceMonitor,
  },
  {
    type: types.prometheusRule,
    optional: { askedBy: 'spec.metrics.alerts.enabled', feature: 'prometheusRule' },
    build: buildPrometheusRule,
  },
  { type: types.podDisruptionBudget, build: buildPodDisruptionBudget },
  { type: types.deployment, build: buildDeployment },
  { type: types.horizontalPodAutoscaler, build: buildHorizontalPodAutoscaler },
];

/** Each kind of child once. */
export const childTypes: readonly ResourceType[] = [...new Set(childKinds.map(({ type }) => type))];

/** The kinds of children that a cluster may not have. */
export const optionalTypes: readonly ResourceType[] = [
  ...new Set(childKinds.flatMap(({ type, optional }) => (optional ? [type] : []))),
];

/** The kinds that whoever installed the operator switched off. */
export function disabledTypes(disabled: readonly Feature[]): ReadonlySet<ResourceType> {
  return new Set(
    childKinds.flatMap(({ type, optional }) => (optional && disabled.includes(optional.feature) ? [type] : [])),
  );
}

/** Caches of the children, by kind. */
export interface ChildStores {
  readonly deployment: Store<Deployment>;
  of(type: ResourceType): Store<KubernetesObject>;
}
