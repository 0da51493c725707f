import * as z from 'zod';
import { atomicList, int32, objectName, stringMap } from './kubernetes.ts';

const hostname = z
  .string()
  .min(1)
  .max(253)
  .regex(/^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/);

const path = z.string().min(1).max(1024).regex(/^[/]/);

const published =
  'Only the SDK port is published, never the operations port. Paths are not rewritten. SDKs use many of them, so most setups need `/`, which also publishes `/status`.';

const ingressHost = z.object({
  host: hostname.describe('Host name, such as `relay.example.com`.'),
  paths: atomicList(
    z.object({
      path: path.describe('Path, such as `/`.'),
      pathType: z
        .enum(['Prefix', 'Exact', 'ImplementationSpecific'])
        .default('Prefix')
        .describe('How the path is compared. Default Prefix.'),
    }),
    32,
  )
    .describe('Paths of this host. If unset, all paths are published.')
    .optional(),
});

/** An Ingress to the SDK port. */
export const ingress = z
  .object({
    className: objectName.describe('IngressClass. Defaults to the default class of the cluster.').optional(),
    annotations: stringMap(64, 4096)
      .describe('Annotations of the Ingress, with which controllers are configured.')
      .optional(),
    hosts: atomicList(ingressHost, 32).min(1).describe('Host names under which SDKs reach the relay.'),
    tls: atomicList(
      z.object({
        secretName: objectName.describe('Secret of type kubernetes.io/tls in the same namespace.'),
        hosts: atomicList(hostname, 32).min(1).describe('Host names that the certificate is for.'),
      }),
      16,
    )
      .describe('Certificates with which the controller serves HTTPS.')
      .optional(),
  })
  .describe(
    `Publish the Service outside of the cluster with an Ingress. ${published} Streams stay open for hours and are silent for \`streaming.heartbeatPeriodSeconds\`: the controller must neither buffer them nor close them sooner. With ingress-nginx, whose limit is 60 s, set the annotations \`nginx.ingress.kubernetes.io/proxy-read-timeout: "3600"\` and \`nginx.ingress.kubernetes.io/proxy-buffering: "off"\`; with \`spec.tls\` also \`nginx.ingress.kubernetes.io/backend-protocol: HTTPS\`. The operator sets none of them itself.`,
  );

const parentRef = z.object({
  group: z
    .string()
    .max(253)
    .default('gateway.networking.k8s.io')
    .describe('API group of the parent. Default gateway.networking.k8s.io.'),
  kind: z.string().min(1).max(63).default('Gateway').describe('Kind of the parent. Default Gateway.'),
  namespace: z
    .string()
    .min(1)
    .max(63)
    .describe('Namespace of the parent. Defaults to that of the RelayProxy.')
    .optional(),
  name: objectName.describe('Name of the parent.'),
  sectionName: z
    .string()
    .min(1)
    .max(253)
    .describe('Listener of the Gateway. If unset, all listeners that allow it are used.')
    .optional(),
  port: int32(1, 65_535).describe('Port of the Gateway. If unset, any port matches.').optional(),
});

/** An HTTPRoute to the SDK port. */
export const httpRoute = z
  .object({
    annotations: stringMap(64, 4096).describe('Annotations of the HTTPRoute.').optional(),
    parentRefs: atomicList(parentRef, 32).min(1).describe('Gateways, or their listeners, that publish the relay.'),
    hostnames: atomicList(hostname, 16)
      .describe('Host names under which SDKs reach the relay. Defaults to those of the listeners.')
      .optional(),
    paths: atomicList(
      z.object({
        path: path.describe('Path, such as `/`.'),
        type: z
          .enum(['PathPrefix', 'Exact'])
          .default('PathPrefix')
          .describe('How the path is compared. Default PathPrefix.'),
      }),
      32,
    )
      .describe('Paths that are published. If unset, all of them are.')
      .optional(),
    timeouts: z
      .enum(['Disabled', 'GatewayDefault'])
      .default('Disabled')
      .describe(
        'Disabled asks the gateway for no limit on the length of a request, as streams stay open for hours. GatewayDefault sets no timeouts: for a Gateway API before 1.2, or a gateway that refuses them. Default Disabled.',
      ),
  })
  .describe(
    `Publish the Service outside of the cluster with an HTTPRoute of the Gateway API. ${published} If the cluster does not have this kind, the condition \`Reconciled\` is False with reason \`KindNotInstalled\` until it does. With \`spec.tls\` the gateway must be configured to use HTTPS to the Service, with a BackendTLSPolicy of your own.`,
  );
