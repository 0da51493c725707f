import { by, none, plain, read, type ValueRow } from './row.ts';
import { disruptionBudget, labels, serviceAccountAnnotations, serviceAccountName, strategy } from './takes.ts';
import { httpRoute, ingress, ports } from './takes-exposure.ts';
import { lifecycle, probe, topologySpread } from './takes-pod.ts';

const RESTRICTED = 'pods meet the "restricted" Pod Security Standard by themselves';
const PROBE_NUMBERS =
  '`periodSeconds`, `timeoutSeconds`, `failureThreshold`; what is asked is `/livez` and `/readyz`, which tells whether there is data';
const OWN_PROGRAM = 'a RelayProxy runs the relay with the configuration that the operator makes';
const OPTIONS_BELOW = 'option by option, see the table of options';

/** Every value of ld-relay-helm 3.10, in the order of its values file. */
export const VALUE_ROWS: readonly ValueRow[] = [
  plain('replicaCount', 'replicas'),
  by('deployment.strategy', 'rollout', '`maxSurge` and `maxUnavailable` of a rolling update', strategy),
  plain('deployment.revisionHistoryLimit', 'rollout.revisionHistoryLimit'),
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
  by('commonLabels', 'commonLabels', 'and labels of the RelayProxy itself', labels),
  none(
    'serviceAccount.create',
    'the operator makes an account for each RelayProxy, which may only report its status',
    'nothing',
    ({ value }) => value === true,
  ),
  by(
    'serviceAccount.annotations',
    'podTemplate.serviceAccountAnnotations',
    'of the account that the operator makes',
    serviceAccountAnnotations,
  ),
  by(
    'serviceAccount.name',
    'podTemplate.serviceAccountName',
    'where `serviceAccount.create` is false',
    serviceAccountName,
  ),
  plain('pod.annotations', 'podTemplate.annotations'),
  plain('pod.labels', 'podTemplate.labels'),
  none('pod.securityContext', RESTRICTED, 'nothing; `podTemplate.securityContext` takes the place of all of theirs'),
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
    'that on zones: `maxSkew`, `policy`, `minZones`; others are `podTemplate.topologySpreadConstraints`',
    topologySpread,
  ),
  plain('pod.dnsPolicy', 'podTemplate.dnsPolicy'),
  plain('pod.dnsConfig', 'podTemplate.dnsConfig'),
  plain('terminationGracePeriodSeconds', 'podTemplate.terminationGracePeriodSeconds'),
  none(
    'securityContext',
    RESTRICTED,
    'nothing; `podTemplate.containerSecurityContext` takes the place of all of theirs',
  ),
  plain('service.type', 'service.type'),
  plain('service.annotations', 'service.annotations'),
  by(
    'service.ports',
    'service.port',
    'the port called `api`; that of Prometheus is `metrics.port`, on the pods',
    ports,
  ),
  by('ingress', 'ingress', 'to the port for SDKs only', ingress),
  by('httpRoute', 'httpRoute', 'to the port for SDKs only; of rules the paths', httpRoute),
  plain('resources', 'resources'),
  by('autoscaling.enabled', 'autoscaling', 'the rest of `autoscaling` counts only with it', () => ({})),
  plain('autoscaling.minReplicas', 'autoscaling.minReplicas'),
  plain('autoscaling.maxReplicas', 'autoscaling.maxReplicas'),
  plain('autoscaling.targetCPUUtilizationPercentage', 'autoscaling.targetCPUUtilizationPercentage'),
  plain('autoscaling.targetMemoryUtilizationPercentage', 'autoscaling.targetMemoryUtilizationPercentage'),
  plain('autoscaling.behavior', 'autoscaling.behavior'),
  plain('nodeSelector', 'podTemplate.nodeSelector'),
  plain('tolerations', 'podTemplate.tolerations'),
  plain('affinity', 'podTemplate.affinity'),
  none('relay.command', OWN_PROGRAM, 'move options on the command line to fields'),
  none('relay.args', OWN_PROGRAM, 'move options on the command line to fields'),
  read('relay.environment', 'environments', OPTIONS_BELOW),
  read('relay.environmentVariables', 'environments', OPTIONS_BELOW),
  read('relay.secrets', 'environments', 'references to the same Secrets, option by option'),
  read('relay.envFromSecret', 'environments', 'give the Secret too (`--env`), so that its keys are known'),
  by('relay.livenessProbe', 'podTemplate.probes.liveness', PROBE_NUMBERS, probe('liveness')),
  by('relay.readinessProbe', 'podTemplate.probes.readiness', PROBE_NUMBERS, probe('readiness')),
  by('relay.startupProbe', 'podTemplate.probes.startup', PROBE_NUMBERS, probe('startup')),
  by('relay.lifecycle', 'podTemplate.preStopSleepSeconds', 'a pause before the end', lifecycle),
  read('relay.volume.config', 'environments', 'give the file too (`--config`)'),
  read('relay.volume.offline', 'offline.path', 'the path inside of the volume'),
  read('relay.volume.definition', 'offline', '`persistentVolumeClaim`, `configMap`, `secret` and `image`'),
  plain('relay.extraVolumes', 'podTemplate.volumes'),
  plain('relay.extraVolumeMounts', 'podTemplate.volumeMounts'),
  plain('relay.initContainers', 'podTemplate.initContainers'),
];
