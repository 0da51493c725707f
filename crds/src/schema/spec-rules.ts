import type { Rule } from './rules.ts';
import type { SpecFields } from './spec-fields.ts';

/** True when no two of the values are the same. */
function allDifferent(values: readonly string[]): boolean {
  return new Set(values).size === values.length;
}

/**
 * CEL that says that a list of strings has none twice. The list is made once and its members are looked up in it: comparing
 * each item of the spec with each other one made every write to a RelayProxy of 100 environments, also of its status, cost
 * the API server seconds.
 */
function unique(list: string): string {
  return `[${list}].all(keys, keys.all(k, keys.indexOf(k) == keys.lastIndexOf(k)))`;
}

/** Rules between fields of the spec. */
export const specRules: readonly Rule<SpecFields>[] = [
  {
    cel: '!has(self.podTemplate.topologySpreadConstraints) || self.podTemplate.topologySpreadConstraints.all(c, c.topologyKey != self.zones.topologyKey)',
    message:
      '`podTemplate.topologySpreadConstraints[].topologyKey` may not be `zones.topologyKey`: the spread over zones is in `zones`',
    field: 'podTemplate.topologySpreadConstraints',
    check: ({ podTemplate, zones }) =>
      (podTemplate.topologySpreadConstraints ?? []).every(({ topologyKey }) => topologyKey !== zones.topologyKey),
  },
  {
    cel: `!has(self.podTemplate.topologySpreadConstraints) || ${unique("self.podTemplate.topologySpreadConstraints.map(c, c.topologyKey + ' ' + c.whenUnsatisfiable)")}`,
    message:
      '`podTemplate.topologySpreadConstraints` may not have two items with the same `topologyKey` and `whenUnsatisfiable`',
    field: 'podTemplate.topologySpreadConstraints',
    check: ({ podTemplate }) =>
      allDifferent(
        (podTemplate.topologySpreadConstraints ?? []).map((one) => `${one.topologyKey} ${one.whenUnsatisfiable}`),
      ),
  },
  {
    cel: '[has(self.environments) && size(self.environments) > 0, has(self.autoConfig), has(self.offline)].filter(x, x).size() == 1',
    message: 'exactly one of `environments`, `autoConfig` or `offline` must be set',
    check: ({ environments, autoConfig, offline }) =>
      [(environments ?? []).length > 0, autoConfig !== undefined, offline !== undefined].filter(Boolean).length === 1,
  },
  {
    cel: '!has(self.offline) || !self.events.enabled',
    message: '`events.enabled` must be false when `offline` is set',
    reason: 'FieldValueForbidden',
    check: (spec) => spec.offline === undefined || !spec.events.enabled,
  },
  {
    cel: '!has(self.offline) || !has(self.store)',
    message: '`store` may not be set when `offline` is set: the archive holds all data',
    field: 'store',
    reason: 'FieldValueForbidden',
    check: (spec) => spec.offline === undefined || spec.store === undefined,
  },
  {
    cel: 'self.service.port != self.metrics.port',
    message: '`metrics.port` must differ from `service.port`',
    check: (spec) => spec.service.port !== spec.metrics.port,
  },
  {
    cel: 'self.metrics.enabled || !self.metrics.serviceMonitor.enabled',
    message: '`metrics.serviceMonitor.enabled` may not be true when `metrics.enabled` is false',
    field: 'metrics.serviceMonitor.enabled',
    reason: 'FieldValueForbidden',
    check: ({ metrics }) => metrics.enabled || !metrics.serviceMonitor.enabled,
  },
  {
    cel: "!has(self.autoConfig) || !has(self.store) || has(self.autoConfig.envDatastorePrefix) || (has(self.autoConfig.envDatastoreTableName) && self.autoConfig.envDatastoreTableName.contains('$CID'))",
    message:
      "`autoConfig.envDatastorePrefix` must be set when `store` is set, unless `autoConfig.envDatastoreTableName` contains '$CID'",
    field: 'autoConfig.envDatastorePrefix',
    reason: 'FieldValueRequired',
    check: (spec) =>
      spec.autoConfig === undefined ||
      spec.store === undefined ||
      spec.autoConfig.envDatastorePrefix !== undefined ||
      spec.autoConfig.envDatastoreTableName?.includes('$CID') === true,
  },
  {
    cel: '!has(self.autoConfig) || has(self.store) || !has(self.autoConfig.envDatastorePrefix)',
    message: '`autoConfig.envDatastorePrefix` may not be set when `store` is not set',
    field: 'autoConfig.envDatastorePrefix',
    reason: 'FieldValueForbidden',
    check: (spec) =>
      spec.autoConfig === undefined || spec.store !== undefined || spec.autoConfig.envDatastorePrefix === undefined,
  },
  {
    cel: 'has(self.store) || !has(self.environments) || self.environments.all(e, !has(e.prefix))',
    message: '`environments[].prefix` may not be set when `store` is not set',
    field: 'environments',
    reason: 'FieldValueForbidden',
    check: (spec) => spec.store !== undefined || (spec.environments ?? []).every((e) => e.prefix === undefined),
  },
  {
    cel: `!has(self.store) || !has(self.environments) || ${unique("self.environments.map(e, has(e.tableName) ? e.tableName + ' ' + (has(e.prefix) ? e.prefix : '') : (has(e.prefix) ? e.prefix : e.name))")}`,
    message:
      '`environments[].prefix` (or `name`, where there is no prefix) must be different for each environment of a table',
    field: 'environments',
    check: (spec) =>
      spec.store === undefined ||
      allDifferent(
        (spec.environments ?? []).map((e) =>
          e.tableName === undefined ? (e.prefix ?? e.name) : `${e.tableName} ${e.prefix ?? ''}`,
        ),
      ),
  },
  {
    cel: '(has(self.store) && has(self.store.dynamodb)) || ((!has(self.environments) || self.environments.all(e, !has(e.tableName))) && (!has(self.autoConfig) || !has(self.autoConfig.envDatastoreTableName)))',
    message:
      '`environments[].tableName` and `autoConfig.envDatastoreTableName` may not be set when `store.dynamodb` is not set',
    reason: 'FieldValueForbidden',
    check: ({ store, environments = [], autoConfig }) =>
      store?.dynamodb !== undefined ||
      (environments.every(({ tableName }) => tableName === undefined) &&
        autoConfig?.envDatastoreTableName === undefined),
  },
  {
    cel: '!has(self.store) || !has(self.store.dynamodb) || has(self.store.dynamodb.tableName) || ((!has(self.environments) || self.environments.all(e, has(e.tableName))) && (!has(self.autoConfig) || has(self.autoConfig.envDatastoreTableName)))',
    message:
      '`store.dynamodb.tableName` must be set unless each environment, or `autoConfig.envDatastoreTableName`, names a table',
    field: 'store',
    reason: 'FieldValueRequired',
    check: ({ store, environments = [], autoConfig }) =>
      store?.dynamodb === undefined ||
      store.dynamodb.tableName !== undefined ||
      (environments.every(({ tableName }) => tableName !== undefined) &&
        (autoConfig === undefined || autoConfig.envDatastoreTableName !== undefined)),
  },
  {
    cel: `!has(self.environments) || ${unique('self.environments.filter(e, has(e.clientSideID)).map(e, e.clientSideID)')}`,
    message: '`environments[].clientSideID` must be different for each environment',
    field: 'environments',
    check: (spec) => allDifferent((spec.environments ?? []).flatMap((e) => e.clientSideID ?? [])),
  },
  {
    cel: `!has(self.environments) || ${unique("self.environments.map(e, e.sdkKeyRef.name + '/' + e.sdkKeyRef.key)")}`,
    message: '`environments[].sdkKeyRef` must be different for each environment',
    field: 'environments',
    check: (spec) => allDifferent((spec.environments ?? []).map((e) => `${e.sdkKeyRef.name}/${e.sdkKeyRef.key}`)),
  },
  {
    cel: '!has(self.autoscaling) || has(self.autoscaling.maxReplicas) || has(self.capacity)',
    message: '`autoscaling.maxReplicas` must be set when `capacity` is not set',
    field: 'autoscaling.maxReplicas',
    reason: 'FieldValueRequired',
    check: ({ autoscaling, capacity }) =>
      autoscaling === undefined || autoscaling.maxReplicas !== undefined || capacity !== undefined,
  },
];
