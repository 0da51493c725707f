import { build } from 'esbuild';

/** A pod that runs one of our programs on the Node of the relay's image. */
export interface ProgramPodOptions {
  readonly name: string;
  readonly namespace: string;
  /** An image with Node in it: the relay's. */
  readonly image: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Environment variables, as a container has them. */
  readonly env: readonly object[];
  /** Port that answers once the program is ready; without it the pod is ready when it runs. */
  readonly port?: number;
  /** Node that it runs on; by default any. */
  readonly node?: string;
}

/** The program as a ConfigMap for a pod of this name: `entry` and all that it imports, in one file. */
export async function programConfigMap(name: string, namespace: string, entry: string): Promise<object> {
  const bundle = await build({
    entryPoints: [entry],
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'esm',
    write: false,
    banner: { js: "import {createRequire} from 'node:module';const require=createRequire(import.meta.url);" },
  });
  const program = bundle.outputFiles[0]?.text ?? '';
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: `${name}-program`, namespace },
    data: { 'program.mjs': program },
  };
}

/** The pod; its ConfigMap must be there. */
export function programPod({ name, namespace, image, labels, env, port, node }: ProgramPodOptions): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels },
    spec: {
      ...(node === undefined ? {} : { nodeName: node }),
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 5,
      securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: 'program',
          image,
          imagePullPolicy: 'IfNotPresent',
          command: ['/nodejs/bin/node', '/program/program.mjs'],
          env,
          ...(port === undefined ? {} : { readinessProbe: { tcpSocket: { port }, periodSeconds: 1 } }),
          volumeMounts: [{ name: 'program', mountPath: '/program', readOnly: true }],
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          },
        },
      ],
      volumes: [{ name: 'program', configMap: { name: `${name}-program` } }],
      restartPolicy: 'Never',
    },
  };
}
