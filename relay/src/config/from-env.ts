import { NAMED_SECTIONS, type Option } from './option.ts';
import { OPTIONS, optionsOf } from './options.ts';
import { OBSOLETE_VARIABLES } from './options-unsupported.ts';
import type { Problems } from './problems.ts';
import { readOption, type Settings } from './settings.ts';
import { warnOfMisspelt } from './spelling.ts';
import { parseValue, ValueError } from './values.ts';

/** Variables that make an environment of the name that follows. */
const ENVIRONMENT_MAKERS = ['LD_ENV_', 'LD_SDK_KEY_FILE_', 'LD_DATA_FILE_'];

/**
 * Reads ld-relay's environment variables, and our own, over what the file has set (contract 4.1): a variable that is
 * unset or empty changes nothing, unknown ones are ignored, `LD_…_NAME` belongs to the environment NAME.
 */
export function readEnvironment(env: NodeJS.ProcessEnv, settings: Settings, problems: Problems): void {
  for (const name of environmentNames(env)) settings.addName('Environment', name);
  for (const name of suffixes(env, 'LD_FILTER_KEYS_')) settings.addName('Filters', name);
  const redis = redisIsOn(env, settings, problems);
  rejectObsolete(env, redis, problems);
  const dynamodb = isOn(env, 'USE_DYNAMODB', problems) || settings.get('DynamoDB', 'enabled')?.value === true;
  const prometheus = isOn(env, 'USE_PROMETHEUS', problems) || settings.get('Prometheus', 'enabled')?.value === true;
  for (const option of OPTIONS) {
    if (option.env === undefined) continue;
    if (option.section === 'Redis' && !redis) continue;
    if (option.section === 'DynamoDB' && option.key !== 'enabled' && !dynamodb) continue;
    if (option.section === 'Prometheus' && option.key !== 'enabled' && !prometheus) continue;
    if (option.section === 'Consul') {
      if (isOn(env, option.env, problems)) readOption(settings, option, { text: 'true', origin: option.env }, problems);
    } else if (NAMED_SECTIONS.has(option.section)) {
      for (const name of settings.names(option.section)) readNamed(env, option, name, settings, problems);
    } else {
      readOne(env[option.env], option, settings, problems);
    }
  }
  if (redis) settings.set('Redis', 'enabled', '', { value: true, origin: 'USE_REDIS' });
  warnOfOrphans(env, settings, problems);
  warnOfMisspelt(env, problems);
}

function readOne(text: string | undefined, option: Option, settings: Settings, problems: Problems): void {
  if (text === undefined || text === '' || option.env === undefined) return;
  if (option.type === 'port' && text.startsWith('tcp://')) {
    problems.warnings.push(
      `${option.env} is ignored: its value looks like what Kubernetes injects for a Service of that name, not like a port number`,
    );
    return;
  }
  readOption(settings, option, { text, origin: option.env }, problems);
}

function readNamed(env: NodeJS.ProcessEnv, option: Option, name: string, settings: Settings, problems: Problems): void {
  const variable = `${option.env}${name}`;
  const text = env[variable];
  if (text === undefined || text === '') return;
  // LD_MOBILE_KEY_FILE_x is the mobile key of the environment FILE_x, if there is one, as it is for ld-relay.
  if (option.env?.endsWith('_FILE_') && settings.names(option.section).includes(`FILE_${name}`)) return;
  readOption(settings, option, { text, origin: variable, name }, problems);
}

function environmentNames(env: NodeJS.ProcessEnv): string[] {
  return ENVIRONMENT_MAKERS.flatMap((prefix) => suffixes(env, prefix));
}

function suffixes(env: NodeJS.ProcessEnv, prefix: string): string[] {
  return Object.keys(env)
    .filter((name) => name.startsWith(prefix) && name.length > prefix.length && env[name] !== '')
    .map((name) => name.slice(prefix.length))
    .sort();
}

function isOn(env: NodeJS.ProcessEnv, variable: string, problems: Problems): boolean {
  const text = env[variable];
  if (text === undefined || text === '') return false;
  try {
    return parseValue('switch', text) === true;
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    const line = `${variable}: ${error.message}`;
    if (!problems.mistakes.includes(line)) problems.mistakes.push(line);
    return false;
  }
}

function redisIsOn(env: NodeJS.ProcessEnv, settings: Settings, problems: Problems): boolean {
  if (isOn(env, 'USE_REDIS', problems)) return true;
  if (['url', 'urlFile', 'host', 'port'].some((key) => settings.get('Redis', key))) return true;
  if (env.REDIS_URL || env.REDIS_URL_FILE) {
    problems.warnings.push('REDIS_URL is ignored because USE_REDIS is not on; set USE_REDIS=true to use Redis');
  }
  return false;
}

function rejectObsolete(env: NodeJS.ProcessEnv, redis: boolean, problems: Problems): void {
  for (const { env: variable, instead } of OBSOLETE_VARIABLES) {
    // As the others of Redis it is not read without.
    if (variable.startsWith('REDIS_') && !redis) continue;
    const found = variable.endsWith('_')
      ? suffixes(env, variable).map((name) => [variable + name, name])
      : [[variable, '']];
    for (const [full = '', name = ''] of found) {
      if (!env[full]) continue;
      const advice = instead === undefined ? 'remove it' : `use ${instead}${name} instead`;
      problems.mistakes.push(`${full}: this variable is no longer supported; ${advice}`);
    }
  }
}

/** Variables for an environment that does not exist have no effect; that is nearly always a misspelt name. */
function warnOfOrphans(env: NodeJS.ProcessEnv, settings: Settings, problems: Problems): void {
  const known = new Set(settings.names('Environment'));
  const prefixes = optionsOf('Environment').flatMap((option) => option.env ?? []);
  const obsolete = OBSOLETE_VARIABLES.map(({ env: variable }) => variable);
  for (const variable of Object.keys(env).sort()) {
    if (obsolete.some((prefix) => variable.startsWith(prefix))) continue;
    const fits = prefixes.filter((prefix) => variable.startsWith(prefix) && variable.length > prefix.length);
    if (fits.length === 0 || !env[variable] || fits.some((prefix) => known.has(variable.slice(prefix.length))))
      continue;
    const name = variable.slice(fits[0]?.length);
    problems.warnings.push(`${variable} is ignored: there is no environment "${name}" (LD_ENV_${name} is not set)`);
  }
}
