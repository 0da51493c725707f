/** Makes a RelayProxy of an ld-relay's configuration; what `flagrelay migrate` does, without files. */

export { parseEnvText } from './env-text.ts';
export { optionsFromValues } from './helm/options.ts';
export { manifestFiles } from './manifests.ts';
export { type Migrated, type MigrateOptions, migrate } from './migrate.ts';
