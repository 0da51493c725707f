import type { RelayProxySpecManifest } from '@flagrelay/crds';
import type { EnvironmentConfig } from '@flagrelay/relay/config';
import { type Conversion, defined, seconds, secretRef } from './convert.ts';
import { usedStore } from './store.ts';

type EnvironmentManifest = NonNullable<RelayProxySpecManifest['environments']>[number];

/** Prefix in the store of an environment that has none of its own. */
const USUAL_PREFIX = 'launchdarkly';
const NAME_LENGTH = 63;

/** The environments that are configured by hand. */
export function environmentsOf(conversion: Conversion): Pick<RelayProxySpecManifest, 'environments'> {
  const { environments } = conversion.config;
  if (environments.length === 0) return {};
  const names = namesOf(conversion);
  return {
    environments: environments.map((environment, at) => environmentOf(conversion, environment, names[at] ?? '')),
  };
}

/** Names that a RelayProxy takes, each once. */
function namesOf({ config, report }: Conversion): string[] {
  const taken = new Set(config.environments.map(({ name }) => name).filter((name) => isName(name)));
  return config.environments.map(({ name }) => {
    if (isName(name)) return name;
    const base = name
      .replace(/[^-._A-Za-z0-9]+/g, '-')
      .replace(/^[-._]+/, '')
      .slice(0, NAME_LENGTH - 4)
      .replace(/[-._]+$/, '');
    let result = base || 'environment';
    for (let count = 2; taken.has(result); count += 1) result = `${base || 'environment'}-${count}`;
    taken.add(result);
    report.note(
      'changed',
      `environment "${name}"`,
      `is called ${result}; a name is up to ${NAME_LENGTH} letters, digits and -._, and \`/status\` and logs use it`,
    );
    return result;
  });
}

function isName(name: string): boolean {
  return name.length <= NAME_LENGTH && /^[A-Za-z0-9]([-._A-Za-z0-9]*[A-Za-z0-9])?$/.test(name);
}

function environmentOf(conversion: Conversion, environment: EnvironmentConfig, name: string): EnvironmentManifest {
  const { report, given } = conversion;
  const at = (key: string): string | undefined => given('Environment', key, environment.name);
  const key = (which: 'sdkKey' | 'sdkKeyPrevious' | 'mobileKey', file: string) =>
    secretRef(conversion, `${name}.${file}`, {
      text: environment[which],
      file: environment[`${which}File`],
      origin: at(which) ?? at(`${which}File`),
    });
  const sdkKeyRef = key('sdkKey', 'sdk-key') ?? conversion.secrets.reserve(`${name}.sdk-key`);
  if (environment.sdkKey === undefined && environment.sdkKeyFile === undefined) {
    report.note(
      'todo',
      at('dataFile') ?? `environment "${environment.name}"`,
      `an environment needs an SDK key; put one into the Secret ${sdkKeyRef.name} under the key ${sdkKeyRef.key}`,
    );
  }
  return {
    name,
    sdkKeyRef,
    ...defined({
      sdkKeyPreviousRef: key('sdkKeyPrevious', 'sdk-key-previous'),
      mobileKeyRef: key('mobileKey', 'mobile-key'),
      clientSideID: clientSideId(conversion, environment),
      secureMode: at('secureMode') === undefined ? undefined : environment.secureMode,
      allowedOrigins: unique(environment.allowedOrigins),
      allowedHeaders: unique(environment.allowedHeaders),
      prefix: prefixOf(conversion, environment, name),
      tableName: tableOf(conversion, environment),
      logLevel: environment.logLevel,
      data: dataOf(conversion, environment, name),
    }),
    ...seconds(conversion, ['Environment', 'ttl', environment.name], environment.ttlMs, 'cacheMaxAgeSeconds', {
      min: 0,
      max: 86_400,
    }),
  };
}

/** A list as a set; undefined when it is empty, which means the same. */
export function unique(list: readonly string[]): string[] | undefined {
  const values = [...new Set(list.filter((item) => item !== ''))];
  return values.length === 0 ? undefined : values;
}

/** An ID whose value is in a Secret that was not given is to be filled in; without any, secure mode would be refused. */
function clientSideId({ unresolved }: Conversion, { name, envId }: EnvironmentConfig): string | undefined {
  return envId ?? (unresolved.has(`LD_CLIENT_SIDE_ID_${name}`) ? `REPLACE-ME-${name}`.slice(0, 64) : undefined);
}

/** In DynamoDB ld-relay's default is no prefix, which a RelayProxy has for environments with a table of their own. */
function tableOf({ config, given, report }: Conversion, { name, prefix, tableName }: EnvironmentConfig) {
  if (usedStore(config) === 'dynamodb') return tableName || (prefix ? undefined : config.store.dynamodb?.tableName);
  const origin = given('Environment', 'tableName', name);
  if (origin !== undefined) report.note('needless', origin, 'had no effect: there is no DynamoDB');
  return undefined;
}

/** The default of a RelayProxy is the environment's name, so what ld-relay's default was is written down. */
function prefixOf({ config, given, report }: Conversion, { name, prefix }: EnvironmentConfig, newName: string) {
  const used = usedStore(config);
  if (used === 'dynamodb') return prefix || undefined;
  if (used) {
    const wanted = prefix === undefined || prefix === '' ? USUAL_PREFIX : prefix;
    return wanted === newName ? undefined : wanted;
  }
  const origin = given('Environment', 'prefix', name);
  if (origin !== undefined) report.note('needless', origin, 'had no effect: there is no store');
  return undefined;
}

function dataOf(conversion: Conversion, environment: EnvironmentConfig, name: string): EnvironmentManifest['data'] {
  const { dataFile } = environment;
  if (dataFile === undefined) return undefined;
  const ending = /\.(json|ya?ml)$/.exec(dataFile)?.[0] ?? '.json';
  const ref = { name: `${conversion.name}-data`, key: `${name}${ending}` };
  conversion.report.note(
    'todo',
    conversion.given('Environment', 'dataFile', environment.name) ?? 'dataFile',
    `make the ConfigMap: kubectl create configmap ${ref.name} --from-file=${ref.key}=${dataFile}`,
  );
  return { configMapKeyRef: ref };
}
