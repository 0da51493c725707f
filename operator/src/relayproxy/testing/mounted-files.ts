import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { RelayProxy } from '@flagrelay/crds';
import { documentText } from '../resources/config-map.ts';
import { documentFile, folders } from '../resources/paths.ts';
import { otherVolumes } from '../resources/volumes.ts';

/** Contents of Secrets by their names. */
export type Secrets = Readonly<Record<string, Readonly<Record<string, string>>>>;

/**
 * Writes what kubelet would mount into a pod below a folder of this machine: Secrets and the configuration document, whose paths are
 * changed accordingly. Returns the path of the document.
 */
export function writeMountedFiles(relayProxy: RelayProxy, secrets: Secrets, root: string): string {
  for (const { volume, mount } of otherVolumes(relayProxy)) {
    const write = (path: string, text: string | undefined): void => {
      if (text === undefined) return;
      const file = join(root, mount.mountPath, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    };
    for (const { secret } of volume.projected?.sources ?? []) {
      for (const { key, path } of secret?.items ?? []) write(path, secrets[secret?.name ?? '']?.[key]);
    }
    for (const [key, text] of Object.entries(secrets[volume.secret?.secretName ?? ''] ?? {})) write(key, text);
  }
  const document = join(root, folders.config, documentFile);
  mkdirSync(dirname(document), { recursive: true });
  writeFileSync(document, documentText(relayProxy).replaceAll('"/etc/flagrelay/', `"${root}/etc/flagrelay/`));
  return document;
}
