import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '../../machine/paths.ts';
import type { Stage } from './stage.ts';

const manifest = (name: string) => readFileSync(join(repositoryRoot, 'e2e/demo/manifests', `${name}.yaml`), 'utf8');

/** SDK key of the small fleets; it opens nothing else. */
export const smallFleetKey = 'sdk-00000000-0000-4000-8000-00000000demo';

/** A RelayProxy of two pods that serve the demo's flags from a ConfigMap: it needs nothing but itself. */
export function smallFleet(name: string): object {
  return {
    apiVersion: 'flagrelay.dev/v1alpha1',
    kind: 'RelayProxy',
    metadata: { name },
    spec: {
      replicas: 2,
      environments: [
        {
          name: 'production',
          sdkKeyRef: { name: 'demo-keys', key: 'sdk-key' },
          data: { configMapKeyRef: { name: 'demo-flags', key: 'flags.yaml' } },
        },
      ],
    },
  };
}

/** Creates small fleets with what they refer to in a namespace; does not wait for them. */
export async function applySmallFleets(
  { kubectl }: Pick<Stage, 'kubectl'>,
  namespace: string,
  names: readonly string[],
): Promise<void> {
  await kubectl.apply(manifest('keys'), { namespace });
  await kubectl.apply(manifest('flags'), { namespace });
  await kubectl.apply(names.map(smallFleet), { namespace });
}

/** UIDs of the pods of a fleet that are not on their way out, in order. */
export async function podUids({ kubectl }: Pick<Stage, 'kubectl'>, namespace: string, name: string): Promise<string[]> {
  const pods = await kubectl.list('pods', namespace, `app.kubernetes.io/instance=${name}`);
  return pods
    .filter((pod) => pod.metadata.deletionTimestamp === undefined)
    .map((pod) => String(pod.metadata.uid))
    .sort();
}
