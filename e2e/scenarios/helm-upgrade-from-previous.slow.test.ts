import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { startClientPod } from '../clients/client-pod.ts';
import type { KubeObject } from '../cluster/kubectl.ts';
import { retagged } from '../images/retag.ts';
import { waitFor } from '../machine/wait-for.ts';
import { chartFolder } from '../product/helm.ts';
import {
  installChart,
  installProduct,
  loadProducts,
  operatorName,
  operatorNamespace,
  uninstallProduct,
} from '../product/install.ts';
import { observed } from './support/observed.ts';
import { applySmallFleets } from './support/small-fleet.ts';
import { openStage, waitReady } from './support/stage.ts';

const fleets = ['one', 'two', 'three'];
const oldDescription = 'How many pods there are to be.';

test('a Helm upgrade brings the new CRD and moves the fleets to the new relay, one at a time, and no request fails', {
  timeout: 900_000,
}, async (t) => {
  const stage = await openStage('helm-upgrade');
  const { cluster, kubectl, namespace } = stage;
  const folder = mkdtempSync(join(tmpdir(), 'flagrelay-previous-'));
  t.after(async () => {
    rmSync(folder, { recursive: true, force: true });
    await installProduct(cluster);
    await stage.close();
  });

  // The release before: another version of the chart, another description in the CRD, another tag of the relay.
  const { archives, tags } = await loadProducts(cluster);
  const relay = archives.find(({ product }) => product === 'relay');
  assert.ok(relay);
  const previous = await retagged(relay, `${tags.relay}-previous`);
  await cluster.loadImages([previous.archive]).finally(previous.remove);
  const chart = previousChart(folder);
  await uninstallProduct(cluster);
  const install = { release: operatorName, namespace: operatorNamespace };
  await installChart(cluster, { ...install, chart, tags: { ...tags, relay: `${tags.relay}-previous` } });
  assert.equal(await descriptionOfReplicas(), oldDescription, 'the CRD is that of the release before');
  await applySmallFleets(stage, namespace, fleets);
  for (const name of fleets) await waitReady(stage, name);
  for (const deployment of await deployments()) assert.match(imageOf(deployment), /-previous$/);
  const client = await startClientPod(kubectl, {
    name: 'application',
    namespace,
    image: stage.relayImage,
    relayUrl: 'http://two:8030',
    sdkKeyRef: { name: 'demo-keys', key: 'sdk-key' },
    requestsPerSecond: 20,
  });
  await client.waitFor('ready', 'SDK is initialised', () => true, 90_000);

  const started = performance.now();
  await installProduct(cluster);
  assert.notEqual(await descriptionOfReplicas(), oldDescription, 'the CRD is the new one');
  let most = 0;
  await waitFor(
    'every fleet runs the new relay',
    async () => {
      const all = await deployments();
      most = Math.max(most, all.filter(isMoving).length);
      return all.every((one) => !imageOf(one).endsWith('-previous') && !isMoving(one)) || undefined;
    },
    { timeoutMs: 480_000, intervalMs: 300 },
  );
  const seconds = (performance.now() - started) / 1000;
  for (const name of fleets) await waitReady(stage, name);
  const totals = await client.loop();
  observed('helm-upgrade-from-previous', { seconds, atATime: most, requests: totals?.sent, failed: totals?.failed });
  assert.equal(most, 1, 'fleets that moved at a time');
  assert.ok(totals !== undefined && totals.sent > 100, 'the request loop ran');
  assert.equal(totals.failed, 0, 'no request failed');

  function deployments(): Promise<KubeObject[]> {
    return kubectl.list('deployments', namespace, 'app.kubernetes.io/component=relay');
  }

  async function descriptionOfReplicas(): Promise<string> {
    const crd = await kubectl.get('crd', 'relayproxies.flagrelay.dev');
    return crd?.spec.versions[0].schema.openAPIV3Schema.properties.spec.properties.replicas.description;
  }
});

/** A copy of the chart as the release before might have been. */
function previousChart(folder: string): string {
  const copy = join(folder, 'flagrelay');
  cpSync(chartFolder, copy, { recursive: true });
  edit(join(copy, 'Chart.yaml'), /^(version|appVersion): .*$/gm, '$1: 0.0.9');
  const crd = join(copy, 'templates/crds/relayproxies.yaml');
  edit(crd, /(\n {16}replicas:\n {18}type: integer\n {18}description: ).*/, `$1${oldDescription}`);
  return copy;
}

function edit(file: string, pattern: RegExp, replacement: string): void {
  const before = readFileSync(file, 'utf8');
  const after = before.replace(pattern, replacement);
  assert.notEqual(after, before, `${file} has what is to be another`);
  writeFileSync(file, after);
}

function imageOf({ spec }: KubeObject): string {
  return spec.template.spec.containers[0].image;
}

/** A rollout has begun and is not over. */
function isMoving({ metadata, spec, status }: KubeObject): boolean {
  const { observedGeneration = 0, updatedReplicas = 0, replicas = 0, availableReplicas = 0 } = status ?? {};
  const settled =
    updatedReplicas === spec.replicas && replicas === spec.replicas && availableReplicas === spec.replicas;
  return observedGeneration < (metadata.generation ?? 0) || !settled;
}
