import { isNotFound } from '@flagrelay/kube/api-error';
import { parse } from 'yaml';
import { foreignCrds } from '../../../../e2e/cluster/foreign-crds.ts';
import type { KubernetesObject } from '../../runtime/objects.ts';
import type { RestClient } from '../../runtime/rest-types.ts';
import { eventually } from '../../runtime/testing/cluster.ts';
import { optionalTypes } from '../children/children.ts';
import { crds } from './test-operator.ts';

/** On CRDs that tests installed: those of a cluster's owner are never touched. */
const testLabel = 'flagrelay.dev/installed-by-tests';

/** The CRDs of the kinds that a cluster may not have: the real ones of their projects. */
export interface OptionalKinds {
  /** Names of the CRDs that were there before and are not ours to remove. */
  readonly foreign: readonly string[];
  /** Installs the CRDs that are not there and waits until their kinds are served. */
  install(): Promise<void>;
  /** Removes the CRDs that tests installed, also those of an earlier run, and waits until they are gone. */
  remove(): Promise<void>;
}

/** Reads which of the CRDs are there already. */
export async function optionalKinds(client: RestClient): Promise<OptionalKinds> {
  const manifests = (await foreignCrds()).map(
    (text) => parse(text) as KubernetesObject & { metadata: { name: string } },
  );
  const find = async (name: string): Promise<KubernetesObject | undefined> => {
    try {
      return await client.get(crds, { name });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  };
  const isForeign = (found: KubernetesObject | undefined): boolean =>
    found !== undefined && found.metadata?.labels?.[testLabel] === undefined;
  const names = manifests.map(({ metadata }) => metadata.name);
  const found = await Promise.all(names.map(find));
  const foreign = names.filter((_, index) => isForeign(found[index]));
  const ours = manifests.filter(({ metadata }) => !foreign.includes(metadata.name));
  return {
    foreign,
    async install() {
      for (const manifest of ours) {
        const metadata = { ...manifest.metadata, labels: { ...manifest.metadata.labels, [testLabel]: 'true' } };
        await client.apply(crds, { ...manifest, metadata }, { force: true, fieldManager: 'test-crds' });
      }
      for (const type of optionalTypes) await eventually(`${type.kind} is served`, () => client.serves(type));
    },
    async remove() {
      for (const { metadata } of ours) await client.delete(crds, { name: metadata.name });
      for (const { metadata } of ours) {
        await eventually(`${metadata.name} is gone`, async () => (await find(metadata.name)) === undefined);
      }
    },
  };
}
