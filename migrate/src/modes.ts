import type { RelayProxySpecManifest } from '@flagrelay/crds';
import { type Conversion, defined, seconds, secretRef } from './convert.ts';
import { unique } from './environments.ts';
import { usedStore } from './store.ts';

/** AutoConfig, if that is where environments come from. */
export function autoConfigOf(conversion: Conversion): Pick<RelayProxySpecManifest, 'autoConfig'> {
  const { config, given, report } = conversion;
  const { autoConfig } = config;
  if (autoConfig === undefined) return {};
  const origin = given('AutoConfig', 'key') ?? given('AutoConfig', 'keyFile');
  const keyRef = secretRef(conversion, 'auto-config-key', { text: autoConfig.key, file: autoConfig.keyFile, origin });
  if (keyRef === undefined) return {};
  const prefix = given('AutoConfig', 'envDatastorePrefix');
  if (prefix !== undefined && !usedStore(config)) report.note('needless', prefix, 'had no effect: there is no store');
  const table = given('AutoConfig', 'envDatastoreTableName');
  if (table !== undefined && usedStore(config) !== 'dynamodb') {
    report.note('needless', table, 'had no effect: there is no DynamoDB');
  }
  return {
    autoConfig: {
      keyRef,
      ...defined({
        envDatastorePrefix: usedStore(config) ? autoConfig.envDatastorePrefix || undefined : undefined,
        envDatastoreTableName:
          usedStore(config) === 'dynamodb' ? autoConfig.envDatastoreTableName || undefined : undefined,
        allowedOrigins: unique(autoConfig.envAllowedOrigins),
      }),
    },
  };
}

/** The archive, if that is where everything comes from. */
export function offlineOf(conversion: Conversion): Pick<RelayProxySpecManifest, 'offline'> {
  const { config, surroundings, given, report, name } = conversion;
  const { offline } = config;
  if (offline === undefined) return {};
  const origin = given('OfflineMode', 'fileDataSource') ?? 'FILE_DATA_SOURCE';
  const file = offline.archiveFile.split('/').at(-1) ?? '';
  const reload = seconds(
    conversion,
    ['OfflineMode', 'fileDataSourceMonitoringInterval'],
    offline.reloadMs,
    'reloadPeriodSeconds',
    { min: 1, max: 86_400 },
  );
  if (surroundings.archive) {
    return { offline: { ...surroundings.archive, path: surroundings.archive.path ?? file, ...reload } };
  }
  const secret = `${name}-archive`;
  report.note(
    'todo',
    origin,
    `make the Secret: kubectl create secret generic ${secret} --from-file=${file}=${offline.archiveFile}; an archive over 1 MiB needs \`offline.persistentVolumeClaim\` instead`,
  );
  return { offline: { secretRef: { name: secret }, path: file, ...reload } };
}
