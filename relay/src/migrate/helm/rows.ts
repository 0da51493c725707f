import { by, none, plain, read, type ValueRow } from './row.ts';
import { behavior, disruptionBudget, labels, ports, serviceAccountName, topologySpread } from './takes.ts';

const OWN_ROLLOUT = 'a rollout never has fewer ready pods than there should be';
const RESTRICTED = 'pods meet the "restricted" Pod Security Standard by themselves';
const OWN_PROBES = 'the operator sets probes: `/livez`, and `/readyz`, which tells whether there is data';
const OWN_PROGRAM = 'a RelayProxy runs the relay with the configuration that the operator makes';
const OPTIONS_BELOW = 'option by option, see the table of options';

/** Every value of ld-relay-helm 3.10, in the order of its values file. */
export const VALUE_ROWS: readonly ValueRow[] = [
  plain('replicaCount', 'replicas'),
  none('deployment.strategy', OWN_ROLLOUT, 'nothing: one pod more while it lasts, none less'),
  none(
    'deployment.revisionHistoryLimit',
    'the Deployment keeps 3',
    'nothing: go back by applying the earlier RelayProxy',
  ),
  none(
    'image.repository',
    OWN_PROGRAM,
    "name flagrelay's image in `image` if you have a mirror; the operator knows the one that belongs to it",
    ({ value }) => value === 'launchdarkly/ld-relay',
  ),
  plain('image.pullPolicy', 'imagePullPolicy'),
  none('image.tag', OWN_PROGRAM, 'nothing: the operator runs the relay that was released with it'),
  plain('imagePullSecrets', 'imagePullSecrets'),
  plain('nameOverride', 'metadata.name', 'unless `fullnameOverride` is set'),
  plain('fullnameOverride', 'metadata.name', 'the Service has the same name'),
  plain('namespaceOverride', 'metadata.namespace'),
  by('commonLabels', 'podTemplate.labels', 'and labels of the RelayProxy itself', labels),
  none(
    'serviceAccount.create',
    'the operator makes an account for each RelayProxy, which may only report its status',
    'nothing',
    ({ value }) => value === true,
  ),
  none(
    'serviceAccount.annotations',
    "the account of the pods is the operator's",
    'make an account of your own with these annotations, and name it in `podTemplate.serviceAccountName`',
  ),
  by(
    'serviceAccount.name',
    'podTemplate.serviceAccountName',
    'where `serviceAccount.create` is false',
    serviceAccountName,
  ),
  plain('pod.annotations', 'podTemplate.annotations'),
  plain('pod.labels', 'podTemplate.labels'),
  none('pod.securityContext', RESTRICTED, 'nothing'),
  plain('pod.priorityClassName', 'podTemplate.priorityClassName'),
  by('pod.distruptionBudget', 'disruptionBudget', 'the misspelt form', disruptionBudget),
  by(
    'pod.disruptionBudget.enabled',
    'disruptionBudget.enabled',
    'a RelayProxy has a budget unless it is told not to',
    disruptionBudget,
  ),
  by(
    'pod.disruptionBudget.minAvailable',
    'disruptionBudget.minAvailable',
    'unless `maxUnavailable` is set',
    disruptionBudget,
  ),
  by(
    'pod.disruptionBudget.maxUnavailable',
    'disruptionBudget.maxUnavailable',
    'where the budget is enabled',
    disruptionBudget,
  ),
  by(
    'pod.topologySpreadConstraints',
    'zones',
    'the constraint on zones: `topologyKey`, `maxSkew`, `policy`, `minZones`; over nodes pods are spread anyway',
    topologySpread,
  ),
  none('pod.dnsPolicy', 'pods have the policy of the cluster', 'set DNS up for the namespace or the nodes'),
  none('pod.dnsConfig', 'pods have the DNS of the cluster', 'set DNS up for the namespace or the nodes'),
  plain('terminationGracePeriodSeconds', 'podTemplate.terminationGracePeriodSeconds'),
  none('securityContext', RESTRICTED, 'nothing'),
  plain('service.type', 'service.type'),
  plain('service.annotations', 'service.annotations'),
  by(
    'service.ports',
    'service.port',
    'the port called `api`; that of Prometheus is `metrics.port`, on the pods',
    ports,
  ),
  none(
    'ingress',
    'a RelayProxy makes no Ingress',
    'write an Ingress to the Service, which has the name of the RelayProxy',
    isOff,
  ),
  none(
    'httpRoute',
    'a RelayProxy makes no HTTPRoute',
    'write an HTTPRoute to the Service, which has the name of the RelayProxy',
    isOff,
  ),
  plain('resources', 'resources'),
  by('autoscaling.enabled', 'autoscaling', 'the rest of `autoscaling` counts only with it', () => ({})),
  plain('autoscaling.minReplicas', 'autoscaling.minReplicas'),
  plain('autoscaling.maxReplicas', 'autoscaling.maxReplicas'),
  plain('autoscaling.targetCPUUtilizationPercentage', 'autoscaling.targetCPUUtilizationPercentage'),
  plain('autoscaling.targetMemoryUtilizationPercentage', 'autoscaling.targetMemoryUtilizationPercentage'),
  by(
    'autoscaling.behavior',
    'autoscaling.scaleDownStabilizationSeconds',
    'of `scaleDown.stabilizationWindowSeconds`',
    behavior,
  ),
  plain('nodeSelector', 'podTemplate.nodeSelector'),
  plain('tolerations', 'podTemplate.tolerations'),
  plain('affinity', 'podTemplate.affinity'),
  none('relay.command', OWN_PROGRAM, 'move options on the command line to fields'),
  none('relay.args', OWN_PROGRAM, 'move options on the command line to fields'),
  read('relay.environment', 'environments', OPTIONS_BELOW),
  read('relay.environmentVariables', 'environments', OPTIONS_BELOW),
  read('relay.secrets', 'environments', 'references to the same Secrets, option by option'),
  read('relay.envFromSecret', 'environments', 'give the Secret too (`--env`), so that its keys are known'),
  none('relay.livenessProbe', OWN_PROBES, 'nothing'),
  none('relay.readinessProbe', OWN_PROBES, 'nothing'),
  none('relay.startupProbe', OWN_PROBES, 'nothing'),
  none(
    'relay.lifecycle',
    'on SIGTERM a pod hands its streams over by itself',
    'nothing: set `podTemplate.terminationGracePeriodSeconds`',
  ),
  read('relay.volume.config', 'environments', 'give the file too (`--config`)'),
  read('relay.volume.offline', 'offline.path', 'the path inside of the volume'),
  read('relay.volume.definition', 'offline', '`persistentVolumeClaim`, `configMap` and `secret`'),
  none(
    'relay.extraVolumes',
    'pods mount what their RelayProxy names',
    'put what the relay reads into Secrets and ConfigMaps that fields refer to',
  ),
  none('relay.extraVolumeMounts', 'pods mount what their RelayProxy names', 'see `relay.extraVolumes`'),
  none(
    'relay.initContainers',
    'pods have one container',
    'do before what they did: fill Secrets and ConfigMaps, the relay picks them up',
  ),
];

function isOff({ value }: { value: unknown }): boolean {
  return (value as { enabled?: boolean }).enabled !== true;
}
