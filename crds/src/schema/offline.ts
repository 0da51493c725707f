import * as z from 'zod';
import { int32, objectName, objectRef } from './kubernetes.ts';
import { exactlyOneOf, withRules } from './rules.ts';

const archivePath = withRules(
  z
    .string()
    .min(1)
    .max(512)
    .regex(/^[^/].*$/),
  {
    cel: "!self.contains('..')",
    message: "must not contain '..'",
    check: (value) => !value.includes('..'),
  },
);

/** Environments and data from an archive. */
export const offline = withRules(
  z.object({
    configMapRef: objectRef(
      'ConfigMap',
      'ConfigMap whose `binaryData` holds the archive; Kubernetes limits it to 1 MiB.',
    ).optional(),
    secretRef: objectRef(
      'Secret',
      'Secret whose `data` holds the archive, which contains SDK keys; Kubernetes limits it to 1 MiB.',
    ).optional(),
    persistentVolumeClaim: z
      .object({
        claimName: objectName.describe(
          'Name of a PersistentVolumeClaim in the same namespace. Pods in several zones need one that can be mounted by many nodes.',
        ),
      })
      .meta({
        'x-kubernetes-map-type': 'atomic',
        description: 'Volume that holds the archive, mounted read-only; for archives over 1 MiB.',
      })
      .optional(),
    image: z
      .object({
        reference: z
          .string()
          .min(1)
          .max(512)
          .describe(
            'Image, or OCI artifact, that holds the archive. Prefer a digest to a tag: a tag is resolved only when a pod starts.',
          ),
        pullPolicy: z
          .enum(['Always', 'IfNotPresent', 'Never'])
          .default('IfNotPresent')
          .describe('When nodes pull the image; `spec.imagePullSecrets` are used for it. Default IfNotPresent.'),
      })
      .meta({
        'x-kubernetes-map-type': 'atomic',
        description:
          'OCI image that is mounted as a volume; for archives that are released like software. A new reference replaces the pods. Its files must be readable by everybody. Needs Kubernetes 1.35 (or 1.33 with the feature gate ImageVolume) and a container runtime with image volumes, such as containerd 2.1; elsewhere the condition `Reconciled`, or `Available` where only the runtime lacks them, says so.',
      })
      .optional(),
    path: archivePath
      .default('flags.tar.gz')
      .describe(
        'Path of the archive inside the volume; for a ConfigMap or Secret the name of the key. Default flags.tar.gz.',
      ),
    reloadPeriodSeconds: int32(1, 86_400)
      .default(1)
      .describe('How often, in seconds, the archive is checked for change. Default 1.'),
  }),
  exactlyOneOf('configMapRef', 'secretRef', 'persistentVolumeClaim', 'image'),
).describe(
  'Serve the environments of an archive in the format of the LaunchDarkly Relay Proxy and never connect upstream; for air-gapped clusters.',
);
