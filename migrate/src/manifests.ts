import { stringify } from 'yaml';
import type { Migrated } from './migrate.ts';
import type { SecretsMode } from './secrets.ts';

/** A manifest with the name of the file that it goes into. */
export interface ManifestFile {
  readonly file: string;
  readonly text: string;
  /** Holds credentials: its file is for its owner alone. */
  readonly secret: boolean;
}

/** The manifests as YAML: Secrets before the RelayProxy that refers to them. */
export function manifestFiles({ relayProxy, secrets }: Migrated, mode: SecretsMode): ManifestFile[] {
  const { name, namespace } = relayProxy.metadata;
  return [
    ...secrets.manifests(mode, namespace).map((secret) => ({
      file: `secret-${secret.metadata.name}.yaml`,
      text: yaml(secret),
      secret: mode === 'manifests',
    })),
    { file: `relayproxy-${name}.yaml`, text: yaml(relayProxy), secret: false },
  ];
}

// kubectl reads YAML 1.1, in which `on` and `y` are switches: what would be one there is quoted.
function yaml(object: object): string {
  return stringify(object, { version: '1.1', lineWidth: 0, aliasDuplicateObjects: false });
}
