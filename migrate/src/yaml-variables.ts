import { LineCounter, parseAllDocuments } from 'yaml';
import { composeVariables } from './compose.ts';
import { ecsContainers, ecsVariables } from './ecs.ts';
import { fromEntries } from './env-text.ts';
import type { Lookup } from './interpolate.ts';
import { isObject } from './part.ts';
import { MigrateError, type Variable } from './variables.ts';
import { placesOf, withLines } from './yaml-lines.ts';

/** Containers that set one of these are ld-relay's. */
const RELAY_VARIABLE = /^(LD_ENV_|AUTO_CONFIG_KEY$|FILE_DATA_SOURCE$|USE_REDIS$|STREAM_URI$)/;

/** What reading of a YAML file has to do with what is beside it. */
export interface YamlSurroundings {
  /** Which of several services or containers; without it the one that looks like an ld-relay. */
  readonly service?: string;
  /** Values for references in a docker-compose file. */
  readonly lookup?: Lookup;
  /** Text of a file that is named in the YAML, relative to it; undefined when it is not here. */
  readonly readFile?: (path: string) => string | undefined;
  /** Variables are somewhere that was not read. `subject` is what names it. */
  readonly missing?: (subject: string, text: string) => void;
}

/**
 * Reads variables from YAML or JSON: docker-compose services with their `env_file`; ECS task definitions; Kubernetes Secrets, ConfigMaps,
 * and whatever has containers in it; a plain mapping; a list of `name` and `value`, or of `NAME=value`.
 *
 * @throws {MigrateError} when it is no YAML, has no variables, or they are of several services
 */
export function parseYamlVariables(text: string, file: string, around: YamlSurroundings = {}): Map<string, Variable> {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines, merge: true });
  if (!Array.isArray(documents)) throw new MigrateError([`${file}: is empty`]);
  const mistakes = documents.flatMap(({ errors }) =>
    errors.map(({ pos, code }) => `${file} line ${lines.linePos(pos[0]).line}: is not YAML (${code})`),
  );
  if (mistakes.length > 0) throw new MigrateError(mistakes);
  const places = placesOf(documents, lines);
  const located = (variables: Map<string, Variable>) => withLines(variables, places);
  const objects = documents.flatMap((document) => itemsOf(document.toJS()));
  const objectsByKind = (kind: string) =>
    objects.filter((object) => isObject(object) && object.kind === kind) as Manifest[];
  const shared = {
    secrets: objectsByKind('Secret'),
    configMaps: objectsByKind('ConfigMap'),
    missing: around.missing ?? (() => {}),
  };
  const groups = objects.flatMap((object) => groupsOf(object, file, shared, around));
  const result = chosen(groups, file, around.service);
  return located(
    result ?? new Map([...shared.configMaps, ...shared.secrets].flatMap((object) => [...dataOf(object, file)])),
  );
}

interface Manifest {
  readonly kind?: string;
  readonly metadata?: { readonly name?: string };
  readonly data?: Readonly<Record<string, string>>;
  readonly stringData?: Readonly<Record<string, string>>;
}

/** Variables of one service or container. */
interface Group {
  readonly name: string;
  readonly variables: Map<string, Variable>;
}

interface Shared {
  readonly secrets: readonly Manifest[];
  readonly configMaps: readonly Manifest[];
  readonly missing: NonNullable<YamlSurroundings['missing']>;
}

function itemsOf(object: unknown): unknown[] {
  return isObject(object) && Array.isArray(object.items) ? object.items : [object];
}

function groupsOf(object: unknown, file: string, shared: Shared, around: YamlSurroundings): Group[] {
  const ecs = ecsContainers(object);
  if (ecs.length > 0) {
    return ecs.map((container) => ({
      name: String(container.name),
      variables: ecsVariables(container, `${file}, container ${container.name}`, shared.missing),
    }));
  }
  if (Array.isArray(object)) return [{ name: file, variables: fromList(object, file) }];
  if (!isObject(object) || object.kind === 'Secret' || object.kind === 'ConfigMap') return [];
  if (isObject(object.services)) {
    return Object.entries(object.services).flatMap(([name, service]) =>
      isObject(service) && (service.environment !== undefined || service.env_file !== undefined)
        ? [{ name, variables: composeVariables(service, `${file}, service ${name}`, around) }]
        : [],
    );
  }
  const containers = containersOf(object);
  if (containers.length > 0) {
    return containers.map((container) => ({
      name: String(container.name),
      variables: fromContainer(container, `${file}, container ${container.name}`, shared),
    }));
  }
  return object.kind === undefined ? [{ name: file, variables: fromAny(object, file) }] : [];
}

/** Containers of a pod, or of what makes pods, however deep the pod is in it. */
function containersOf(object: Record<string, unknown>): Record<string, unknown>[] {
  if (Array.isArray(object.containers)) return object.containers.filter(isObject);
  for (const key of ['spec', 'template', 'jobTemplate']) {
    const inner = object[key];
    if (isObject(inner)) return containersOf(inner);
  }
  return [];
}

function chosen(
  groups: readonly Group[],
  file: string,
  service: string | undefined,
): Map<string, Variable> | undefined {
  const names = groups.map(({ name }) => name).join(', ');
  if (service !== undefined) {
    const group = groups.find(({ name }) => name === service);
    if (group === undefined)
      throw new MigrateError([`${file}: there is no service or container ${service}; there are ${names || 'none'}`]);
    return group.variables;
  }
  if (groups.length <= 1) return groups[0]?.variables;
  const relays = groups.filter(({ variables }) => [...variables.keys()].some((name) => RELAY_VARIABLE.test(name)));
  if (relays.length === 1) return relays[0]?.variables;
  throw new MigrateError([`${file}: there are several services or containers, choose one by --service: ${names}`]);
}

function fromAny(environment: unknown, origin: string): Map<string, Variable> {
  if (Array.isArray(environment)) return fromList(environment, origin);
  if (!isObject(environment)) return new Map();
  return new Map(
    Object.entries(environment).flatMap(([name, value]): [string, Variable][] =>
      value === null || typeof value === 'object' ? [] : [[name, { value: String(value), origin }]],
    ),
  );
}

function fromList(list: readonly unknown[], origin: string): Map<string, Variable> {
  return new Map(
    list.flatMap((item): [string, Variable][] => {
      if (typeof item === 'string') return [...fromEntries([item], origin)];
      return isObject(item) && typeof item.name === 'string' ? [[item.name, variableOf(item, origin)]] : [];
    }),
  );
}

/** A variable as Kubernetes has it: `value` or `valueFrom`. */
export function variableOf({ value, valueFrom }: Record<string, unknown>, origin: string): Variable {
  if (!isObject(valueFrom)) return { value: String(value ?? ''), origin };
  const { secretKeyRef, configMapKeyRef } = valueFrom;
  if (isObject(secretKeyRef)) {
    return { ref: { name: String(secretKeyRef.name), key: String(secretKeyRef.key) }, origin };
  }
  if (isObject(configMapKeyRef))
    return {
      source: `ConfigMap ${configMapKeyRef.name}, key ${configMapKeyRef.key}`,
      configMapKey: { name: String(configMapKeyRef.name), key: String(configMapKeyRef.key) },
      origin,
    };
  return { source: Object.keys(valueFrom).join(', '), origin };
}

/** `envFrom`, and `env` over it; what is in the same file is looked up. */
function fromContainer(container: Record<string, unknown>, origin: string, shared: Shared): Map<string, Variable> {
  const result = new Map<string, Variable>();
  const named = (objects: readonly Manifest[], ref: unknown) =>
    isObject(ref) ? objects.find(({ metadata }) => metadata?.name === ref.name) : undefined;
  for (const source of Array.isArray(container.envFrom) ? container.envFrom : []) {
    const object = named(shared.configMaps, source?.configMapRef) ?? named(shared.secrets, source?.secretRef);
    const prefix = String(source?.prefix ?? '');
    if (object) for (const [name, variable] of dataOf(object, origin)) result.set(`${prefix}${name}`, variable);
    else tellMissing(source, origin, shared);
  }
  for (const [name, variable] of fromAny(container.env ?? [], origin)) {
    const ref = 'ref' in variable ? variable.ref : undefined;
    const secret = named(shared.secrets, ref);
    const known = secret && ref ? dataOf(secret, origin).get(ref.key) : inConfigMap(variable, origin, shared);
    result.set(name, known ?? variable);
  }
  return result;
}

/** The value of a `configMapKeyRef` whose ConfigMap is in the same file. */
function inConfigMap(variable: Variable, origin: string, { configMaps }: Shared): Variable | undefined {
  const place = 'configMapKey' in variable ? variable.configMapKey : undefined;
  const configMap = configMaps.find(({ metadata }) => place !== undefined && metadata?.name === place.name);
  const found = configMap && place ? dataOf(configMap, origin).get(place.key) : undefined;
  // Kubernetes replaces nothing in what it takes from a ConfigMap.
  return found?.value === undefined ? undefined : { value: found.value, origin: found.origin, literal: true };
}

/** Which variables are in an object that is not in the file cannot be known. */
function tellMissing(source: unknown, origin: string, { missing }: Shared): void {
  if (!isObject(source)) return;
  for (const [kind, ref] of [
    ['configmap', source.configMapRef],
    ['secret', source.secretRef],
  ] as const) {
    if (!isObject(ref)) continue;
    missing(
      `${origin}, envFrom ${kind} ${ref.name}`,
      `which variables are in it is not known: give it too, --env with the output of \`kubectl get ${kind} ${ref.name} -o yaml\``,
    );
  }
}

/** The keys of a ConfigMap or Secret as variables; those of a Secret know where they are from. */
function dataOf({ kind, metadata, data, stringData }: Manifest, file: string): Map<string, Variable> {
  const name = String(metadata?.name ?? '');
  const origin = `${file}, ${kind} ${name}`;
  const isSecret = kind === 'Secret';
  const decode = (text: string): string => (isSecret ? Buffer.from(text, 'base64').toString('utf8') : text);
  const texts = { ...mapValues(data ?? {}, decode), ...stringData };
  return new Map(
    Object.entries(texts).map(([key, value]) => [
      key,
      { value, origin, ...(isSecret ? { ref: { name, key }, literal: true as const } : {}) },
    ]),
  );
}

function mapValues(map: Readonly<Record<string, string>>, change: (text: string) => string): Record<string, string> {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, change(String(value))]));
}
