import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ImageArchive } from '../../images/image-archive.ts';
import { run } from '../../machine/run.ts';
import { waitFor } from '../../machine/wait-for.ts';
import type { Layout, NodeLayout } from './layout.ts';
import type { NodeFacts } from './node-config.ts';

/**
 * Imports images into each node's containerd, except where the same content is there already.
 *
 * @returns the names of those that were imported into at least one node
 */
export async function importImages(
  layout: Layout,
  snapshotter: NodeFacts['snapshotter'],
  archives: readonly ImageArchive[],
): Promise<string[]> {
  const perNode = await Promise.all(layout.nodes.map((node) => importIntoNode(node, snapshotter, archives)));
  return [...new Set(perNode.flat())];
}

async function importIntoNode(
  node: NodeLayout,
  snapshotter: string,
  archives: readonly ImageArchive[],
): Promise<string[]> {
  const loaded = loadedImages(node);
  const imported: string[] = [];
  for (const { image, file, digest } of archives) {
    if (loaded[image] === digest) continue;
    await ctr(node, ['images', 'import', '--snapshotter', snapshotter, file], 120_000);
    // The kubelet sees an image only once containerd's CRI part has taken note of it.
    await waitFor(
      `${image} on ${node.name}`,
      async () => {
        const { stdout } = await ctr(node, ['images', 'list', `name==${image}`], 10_000);
        return stdout.includes('io.cri-containerd.image=managed') ? true : undefined;
      },
      { timeoutMs: 30_000 },
    );
    loaded[image] = digest;
    writeFileSync(loadedFile(node), JSON.stringify(loaded));
    imported.push(image);
  }
  return imported;
}

function ctr(node: NodeLayout, args: readonly string[], timeoutMs: number) {
  return run('ctr', ['--address', node.containerdSocket, '--namespace', 'k8s.io', ...args], { timeoutMs });
}

function loadedFile(node: NodeLayout): string {
  return join(node.folder, 'loaded-images.json');
}

function loadedImages(node: NodeLayout): Record<string, string> {
  const file = loadedFile(node);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>) : {};
}
