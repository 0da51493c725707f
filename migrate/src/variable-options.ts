import { NAMED_SECTIONS, OPTIONS, type Option } from '@flagrelay/relay/config';
import { rowOf } from './option-rows.ts';

/** Variables that belong to what is not supported; the switch of each is an option of its own. */
const COMPANIONS: readonly (readonly [prefix: string, family: string])[] = [
  ['CONSUL_', 'the Consul store'],
  ['DYNAMODB_', 'the DynamoDB store'],
  ['DATADOG_', 'the Datadog exporter'],
  ['STACKDRIVER_', 'the Stackdriver exporter'],
  ['OTEL_', 'the OTLP exporter'],
];

const TRUST =
  'names files that are not in the pod. Instead: mount them by `podTemplate.volumes` and `volumeMounts`, and name them in `podTemplate.env` by the same variable';

/** Variables that no option is for, and that change what an ld-relay does all the same. */
const GO_VARIABLES: Readonly<Record<string, string>> = {
  ssl_cert_file: TRUST,
  ssl_cert_dir: TRUST,
};

/** Whether a variable says by which proxy the process goes out; this relay honours them as ld-relay does. */
export function isProxyVariable(variable: string): boolean {
  return /^(https?|no)_proxy$/i.test(variable);
}

/** What to do about a variable that every Go program honours; undefined for others. */
export function insteadOf(variable: string): string | undefined {
  return GO_VARIABLES[variable.toLowerCase()];
}

/** Options that a variable of this name sets. */
export function optionsFor(variable: string): Option[] {
  return OPTIONS.filter(({ env, section }) => {
    if (env === undefined) return false;
    if (!NAMED_SECTIONS.has(section)) return env === variable;
    return variable.startsWith(env) && variable.length > env.length;
  });
}

/** The store or exporter that a variable belongs to and that there is not. */
export function companionOf(variable: string): string | undefined {
  return COMPANIONS.find(([prefix]) => variable.startsWith(prefix))?.[1];
}

/** The field that does what a variable does, for messages. */
export function fieldFor(variable: string): string {
  const [option] = optionsFor(variable);
  const field = option && rowOf(option).field;
  return field === undefined ? 'what it is about' : `\`spec.${field}\``;
}
