import type { Surroundings } from '../convert.ts';
import { expandReferences } from '../expand.ts';
import { isObject } from '../part.ts';
import type { Report } from '../report.ts';
import { resolveReferences, type SecretKey, type Variable, type Variables } from '../variables.ts';
import { variableOf } from '../yaml-variables.ts';
import type { ValuesFile } from './read-values.ts';

/** Where the chart mounts files of Secrets, and its volume. */
const SECRETS_FOLDER = '/mnt/secrets';
const VOLUME_FOLDER = '/mnt/volume';

/**
 * The variables that the chart gives its container, in the order of precedence of Kubernetes.
 * @param given variables that came beside the values: of the Secret of `relay.envFromSecret`, say
 */
export function variablesOf(values: ValuesFile, given: Variables, report: Report): Map<string, Variable> {
  const result = new Map<string, Variable>(given);
  const envFrom = values.get('relay.envFromSecret');
  if (
    envFrom !== undefined &&
    ![...given.values()].some((variable) => 'ref' in variable && variable.ref?.name === envFrom)
  ) {
    report.note(
      'todo',
      values.origin('relay.envFromSecret'),
      `which variables are in it is not known: give it too, --env with the output of \`kubectl get secret ${envFrom} -o yaml\``,
    );
  }
  const environment = values.get('relay.environment');
  for (const [name, value] of isObject(environment) ? Object.entries(environment) : []) {
    result.set(name, { value: String(value ?? ''), origin: values.origin(`relay.environment.${name}`) });
  }
  const offline = values.get('relay.volume.offline');
  if (offline !== undefined) {
    result.set('FILE_DATA_SOURCE', {
      value: `${VOLUME_FOLDER}/${offline}`,
      origin: values.origin('relay.volume.offline'),
    });
  }
  for (const [at, secret] of listOf(values, 'relay.secrets')) {
    if (typeof secret.envName !== 'string') continue;
    result.set(secret.envName, { ref: refOf(secret), origin: values.origin(at) });
  }
  for (const [at, variable] of listOf(values, 'relay.environmentVariables')) {
    if (typeof variable.name === 'string') result.set(variable.name, variableOf(variable, values.origin(at)));
  }
  return expandReferences(resolveReferences(result)).variables;
}

/** What the chart mounts into its container. */
export function surroundingsOf(values: ValuesFile, readFile: Surroundings['readFile']): Surroundings {
  const files = new Map<string, SecretKey>();
  for (const [, secret] of listOf(values, 'relay.secrets')) {
    if (typeof secret.volumePath === 'string') files.set(`${SECRETS_FOLDER}/${secret.volumePath}`, refOf(secret));
  }
  const archive = archiveOf(values);
  return { secretOf: (path) => files.get(path), readFile, ...(archive === undefined ? {} : { archive }) };
}

/** The volume with the archive, in the words of `spec.offline`. */
function archiveOf(values: ValuesFile): Surroundings['archive'] {
  const definition = values.get('relay.volume.definition');
  const path = values.get('relay.volume.offline');
  if (!isObject(definition) || typeof path !== 'string') return undefined;
  const { persistentVolumeClaim: claim, configMap, secret, image } = definition;
  if (isObject(claim)) return { persistentVolumeClaim: { claimName: String(claim.claimName) }, path };
  if (isObject(configMap)) return { configMapRef: { name: String(configMap.name) }, path };
  if (isObject(secret)) return { secretRef: { name: String(secret.secretName) }, path };
  if (isObject(image)) {
    const pullPolicy = image.pullPolicy as 'Always' | undefined;
    return { image: { reference: String(image.reference), ...(pullPolicy === undefined ? {} : { pullPolicy }) }, path };
  }
  return undefined;
}

function listOf(values: ValuesFile, path: string): [string, Record<string, unknown>][] {
  const list = values.get(path);
  if (!Array.isArray(list)) return [];
  return list.flatMap((item, at): [string, Record<string, unknown>][] =>
    isObject(item) ? [[`${path}.${at}`, item]] : [],
  );
}

function refOf({ secretName, secretKey }: Record<string, unknown>): SecretKey {
  return { name: String(secretName), key: String(secretKey) };
}
