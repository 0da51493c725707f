import * as z from 'zod';
import { atomicList, int32, namedList, objectName, passedOn } from './kubernetes.ts';

/** Parts of a pod that users add to those of the operator. */

const label = z
  .string()
  .min(1)
  .max(63)
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/);

/** A part of a pod that is handed on as it is, told apart by its name. */
function namedPart(what: string) {
  return z
    .looseObject({ name: label.describe(`Name of the ${what}.`) })
    .meta({ 'x-kubernetes-preserve-unknown-fields': true });
}

/** Environment variables of the relay's container. */
export const environmentVariables = namedList(
  z.object({
    name: z
      .string()
      .min(1)
      .max(253)
      .regex(/^[-._a-zA-Z][-._a-zA-Z0-9]*$/)
      .describe('Name of the variable.'),
    value: z.string().max(4096).describe('Value; not for credentials.').optional(),
    valueFrom: passedOn
      .describe('Where the value comes from, as in a pod, such as `secretKeyRef`. Excludes `value`.')
      .optional(),
  }),
  64,
);

/** Volumes beside those of the operator. */
export const volumes = namedList(namedPart('volume'), 16);

/** Where those volumes are mounted in the relay's container. */
export const volumeMounts = atomicList(
  z.object({
    name: label.describe('Name of one of `volumes`.'),
    mountPath: z.string().min(1).max(512).regex(/^[/]/).describe('Absolute path in the container.'),
    subPath: z.string().max(512).describe('Path inside the volume. If unset, the whole volume is mounted.').optional(),
    readOnly: z.boolean().default(true).describe('Mount it read-only. Default true.'),
  }),
  32,
);

/** Containers that run before the relay, or beside it. */
export const initContainers = namedList(namedPart('container'), 8);

/** Further lines of /etc/hosts. */
export const hostAliases = atomicList(
  z.object({
    ip: z.string().min(1).max(45).describe('Address.'),
    hostnames: atomicList(z.string().min(1).max(253), 16).describe('Names of that address.'),
  }),
  32,
);

/** DNS settings of the pods. */
export const dnsConfig = z.object({
  nameservers: atomicList(z.string().min(1).max(45), 3).describe('Addresses of name servers.').optional(),
  searches: atomicList(z.string().min(1).max(253), 32)
    .describe('Domains in which short names are looked up.')
    .optional(),
  options: atomicList(
    z.object({
      name: z.string().min(1).max(63).describe('Name of the option, such as `ndots`.'),
      value: z.string().max(63).describe('Value of the option.').optional(),
    }),
    16,
  )
    .describe('Options of the resolver.')
    .optional(),
});

/** Constraints on the spread of the pods. */
export const topologySpreadConstraints = atomicList(
  z
    .looseObject({
      topologyKey: objectName.describe('Node label over whose values pods are spread.'),
      whenUnsatisfiable: z
        .enum(['DoNotSchedule', 'ScheduleAnyway'])
        .describe('What happens to a pod that would violate the constraint.'),
    })
    .meta({ 'x-kubernetes-preserve-unknown-fields': true }),
  8,
);

function probe(what: string, periodSeconds: number, failureThreshold: number) {
  return z
    .object({
      periodSeconds: int32(1, 300)
        .default(periodSeconds)
        .describe(`How often, in seconds, the probe runs. Default ${periodSeconds}.`),
      timeoutSeconds: int32(1, 300).default(3).describe('How long, in seconds, an answer may take. Default 3.'),
      failureThreshold: int32(1, 3600)
        .default(failureThreshold)
        .describe(`How many failures in a row count. Default ${failureThreshold}.`),
    })
    .describe(what);
}

/** When kubelet takes a pod for started, alive and ready. What it asks is not to be chosen: the relay knows best. */
export const probes = z
  .object({
    startup: probe('Until the process answers; a pod that never does is restarted.', 1, 60).prefault({}),
    liveness: probe('Whether the process still answers; if not, it is restarted.', 10, 3).prefault({}),
    readiness: probe('Whether the pod has data to serve; if not, it gets no connections.', 2, 2).prefault({}),
  })
  .describe('Probes of the pods. What they check cannot be changed.');
