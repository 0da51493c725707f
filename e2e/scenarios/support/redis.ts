import { ensureRedisArchive } from '../../images/redis-image.ts';
import { waitFor } from '../../machine/wait-for.ts';
import type { Stage } from './stage.ts';

/** A Redis in the scenario's namespace: one pod without persistence, behind the Service `redis`. */
export interface StageRedis {
  /** As pods of the namespace reach it. */
  readonly url: string;
  /** Starts the pod, empty, and waits until it answers. */
  start(): Promise<void>;
  /** Takes the pod away with its data; the Service stays. */
  stop(): Promise<void>;
  /** Runs redis-cli in the pod; returns what it prints. */
  cli(...command: readonly string[]): Promise<string>;
}

const NAME = 'redis';
const PORT = 6379;

/** Makes the image known to the nodes and starts a Redis. Closing the stage ends it. */
export async function startRedis({ cluster, kubectl, namespace }: Stage): Promise<StageRedis> {
  const archive = await ensureRedisArchive();
  await cluster.loadImages([archive]);
  const cli = (...command: readonly string[]) => kubectl.exec(NAME, namespace, ['/bin/redis-cli', ...command]);
  const answers = async () => ((await cli('ping')).trim() === 'PONG' ? true : undefined);
  const start = async () => {
    await kubectl.apply([service(namespace), pod(namespace, archive.image)]);
    await waitFor('Redis answers', answers, { timeoutMs: 60_000, intervalMs: 500 });
  };
  await start();
  return {
    url: `redis://${NAME}:${PORT}`,
    start,
    stop: async () => void (await kubectl.remove('pod', NAME, namespace)),
    cli,
  };
}

function service(namespace: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: NAME, namespace },
    spec: { selector: { app: NAME }, ports: [{ name: 'redis', port: PORT, protocol: 'TCP' }] },
  };
}

function pod(namespace: string, image: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: NAME, namespace, labels: { app: NAME } },
    spec: {
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 1,
      securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: 'redis',
          image,
          imagePullPolicy: 'IfNotPresent',
          args: ['--port', String(PORT), '--save', '', '--appendonly', 'no', '--protected-mode', 'no'],
          readinessProbe: { tcpSocket: { port: PORT }, periodSeconds: 1 },
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          },
        },
      ],
    },
  };
}
