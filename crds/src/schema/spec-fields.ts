import * as z from 'zod';
import { autoConfig } from './autoconfig.ts';
import { autoscaling } from './autoscaling.ts';
import { capacity } from './capacity.ts';
import { environments } from './environments.ts';
import { networkPolicy, service } from './exposure.ts';
import { int32, logLevel, namedList, objectName, stringMap } from './kubernetes.ts';
import { limits } from './limits.ts';
import { metrics } from './metrics.ts';
import { offline } from './offline.ts';
import { podTemplate, resources } from './pod.ts';
import { rollout } from './rollout.ts';
import { httpRoute, ingress } from './routes.ts';
import { store } from './store.ts';
import { events, streaming, tls } from './traffic.ts';
import { upstream } from './upstream.ts';
import { disruptionBudget, zones } from './zones.ts';

/** The fields of the spec, without the rules between them. */
export const specFields = z.object({
  image: z
    .string()
    .min(1)
    .max(512)
    .describe('Image of the relay. Defaults to the one that was released with the operator. Prefer a digest to a tag.')
    .optional(),
  imagePullPolicy: z
    .enum(['Always', 'IfNotPresent', 'Never'])
    .default('IfNotPresent')
    .describe('When nodes pull the image. Default IfNotPresent.'),
  imagePullSecrets: namedList(z.object({ name: objectName.describe('Name of a Secret in the same namespace.') }), 8)
    .describe('Secrets with the credentials of the image registry.')
    .optional(),
  paused: z
    .boolean()
    .default(false)
    .describe('While true, child objects are left as they are; status is still written. Default false.'),
  mode: z
    .enum(['Proxy', 'Daemon'])
    .default('Proxy')
    .describe(
      'What the pods do. Proxy: they serve SDKs. Daemon: they only keep `store` up to date, for SDKs that read it themselves (serverless functions); one pod is active, by a Lease, the others stand by. There is no Service then, and `service`, `streaming`, `limits` and `networkPolicy.allowFrom` say nothing. Default Proxy.',
    ),
  // No default in the schema: a number that nobody asked for must not win over `capacity`.
  replicas: int32(0, 100)
    .describe(
      "How many pods. Default 3, or what `capacity` needs; 2 when `mode` is 'Daemon'. Ignored while `autoscaling` is set.",
    )
    .optional(),
  workers: int32(1, 16)
    .default(1)
    .describe(
      'Processes in each pod that serve SDKs, for few big pods with several cores; each takes memory of its own, so raise `resources` with it where `capacity` does not. Upstream sees one connection for each environment and pod all the same. More pods are simpler and survive more. Default 1.',
    ),
  autoscaling: autoscaling.optional(),
  capacity: capacity.optional(),
  rollout: rollout.prefault({}),
  zones: zones.prefault({}),
  disruptionBudget: disruptionBudget.prefault({}),
  environments: environments.optional(),
  autoConfig: autoConfig.optional(),
  offline: offline.optional(),
  store: store.optional(),
  upstream: upstream.prefault({}),
  events: events.prefault({}),
  streaming: streaming.prefault({}),
  limits: limits.optional(),
  tls: tls.optional(),
  service: service.prefault({}),
  ingress: ingress.optional(),
  httpRoute: httpRoute.optional(),
  metrics: metrics.prefault({}),
  networkPolicy: networkPolicy.prefault({}),
  logLevel: logLevel.default('info').describe('Lowest level of log lines that are written. Default info.'),
  resources: resources.optional(),
  commonLabels: stringMap(32, 63)
    .describe(
      'Labels of all child objects, but not of the pods; those of the pods are in `podTemplate`. Those that the operator sets itself cannot be changed.',
    )
    .optional(),
  commonAnnotations: stringMap(64, 4096).describe('Annotations of all child objects, but not of the pods.').optional(),
  podTemplate: podTemplate.prefault({}),
});

/** What the owner of a RelayProxy asks for, with defaults filled in. */
export type SpecFields = z.output<typeof specFields>;
