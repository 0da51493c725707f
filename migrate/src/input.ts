import {
  assemble,
  createSettings,
  type Dropped,
  OPTIONS,
  type Problems,
  parseDocument,
  type Reader,
  type RelayConfig,
  readEnvironment,
  readerOf,
  readIni,
  type Section,
  type Settings,
  validate,
} from '@flagrelay/relay/config';
import { standsFor } from './expand.ts';
import { createReferences, type References } from './references.ts';
import type { Report } from './report.ts';
import { companionOf, fieldFor, insteadOf, isProxyVariable, optionsFor } from './variable-options.ts';
import { MigrateError, type Variables } from './variables.ts';

/** What an ld-relay was configured with. */
export interface Sources {
  /** Text of its configuration file. */
  readonly conf?: { readonly text: string; readonly file: string };
  readonly variables: Variables;
}

/** An ld-relay's configuration as its own front ends understand it. */
export interface Input {
  /** With all defaults of ld-relay. */
  readonly config: RelayConfig;
  readonly settings: Settings;
  readonly read: Reader;
  /** Where an option was set, for messages; undefined when it was not. */
  given(section: Section, key: string, name?: string): string | undefined;
  readonly references: References;
  /** Variables whose value is not known. */
  readonly unresolved: ReadonlySet<string>;
  /** File of the proxy's password. */
  readonly proxyPasswordFile?: string;
  readonly variables: Variables;
  /** Names of variables that no ld-relay knows. */
  readonly unknown: readonly string[];
}

/**
 * Reads the file, and the variables over it, by the front ends of the relay itself.
 * @param hint said beside the mistakes, when there are any
 * @throws {MigrateError} with every mistake
 */
export function readInput(sources: Sources, report: Report, hint?: string): Input {
  const { variables } = sources;
  const dropped: Dropped[] = [];
  const problems: Problems = { mistakes: [], warnings: [], dropped };
  const settings = createSettings();
  const references = createReferences();
  const env = textOf(variables, references, report);
  if (sources.conf) readIni(sources.conf.text, sources.conf.file, settings, problems);
  tellTemplates(settings, references, report);
  readEnvironment(env, settings, problems);
  const located = (text: string): string => locate(text, variables);
  // It would be read here, and the file is where the relay runs.
  const proxyPasswordFile = settings.get('Proxy', 'passwordFile')?.value as string | undefined;
  settings.unset('Proxy', 'passwordFile');
  const document = assemble(settings, problems);
  const config = parseDocument(document, '', problems.mistakes.length > 0 ? { mistakes: [], warnings: [] } : problems);
  if (config) validate(config, problems);
  if (!config || problems.mistakes.length > 0) {
    throw new MigrateError([...problems.mistakes.map(located), ...(hint === undefined ? [] : [hint])]);
  }
  for (const { origin, why } of dropped)
    report.note('lost', located(origin), `this relay does not have it. Instead: ${why}`);
  for (const warning of problems.warnings) reportWarning(located(warning), report);
  const used = new Set([...settings.all(), ...dropped].map(({ origin }) => origin));
  const unknown = accountFor(variables, used, problems.warnings, report);
  return {
    config,
    settings,
    read: readerOf(settings),
    given: (section, key, name) => {
      const origin = settings.get(section, key, name)?.origin;
      return origin === undefined ? undefined : located(origin);
    },
    references,
    variables,
    unresolved: new Set([...variables].filter(([, { value }]) => value === undefined).map(([name]) => name)),
    ...(proxyPasswordFile === undefined ? {} : { proxyPasswordFile }),
    unknown,
  };
}

/** A file replaces nothing: what looks like a reference in it is of a template that was not filled in, and never goes into a Secret. */
function tellTemplates(settings: Settings, references: References, report: Report): void {
  for (const { section, key, name, value, origin } of settings.all()) {
    if (typeof value !== 'string') continue;
    const place =
      standsFor(value) ?? (/\$\{[A-Za-z_][^}]*\}|\$\([A-Za-z_]\w*\)/.test(value) ? 'a template' : undefined);
    if (place === undefined) continue;
    const type = OPTIONS.find(
      (option) => option.section === section && option.key?.toLowerCase() === key.toLowerCase(),
    )?.type;
    if (type === 'secret') settings.set(section, key, name, { value: references.textForUnknown(place), origin });
    else if (type === 'redisUrl') settings.set(section, key, name, { value: references.urlForUnknown(place), origin });
    else {
      settings.unset(section, key, name);
      report.note('todo', origin, `is ${place} that was not filled in: put what it comes to`);
    }
  }
}

/** Texts for the front end: a reference to a Secret stands for itself as something that it can be told by again. */
function textOf(variables: Variables, references: References, report: Report): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [name, variable] of variables) {
    if (variable.value !== undefined) {
      env[name] = variable.value;
      if (variable.ref) references.remember(variable.value, variable.ref);
      continue;
    }
    const types = new Set(optionsFor(name).map(({ type }) => type));
    if (variable.ref && types.has('redisUrl')) env[name] = references.urlFor(variable.ref);
    else if (variable.ref && types.has('secret')) env[name] = references.textFor(variable.ref);
    else if (variable.ref === undefined && types.has('redisUrl')) env[name] = references.urlForUnknown(variable.source);
    else if (variable.ref === undefined && types.has('secret')) env[name] = references.textForUnknown(variable.source);
    else if (types.size > 0) {
      const place = variable.ref ? `Secret ${variable.ref.name}, key ${variable.ref.key}` : variable.source;
      const advice = variable.ref
        ? 'give that Secret too (--env with the output of `kubectl get secret -o yaml`), or '
        : '';
      report.note(
        'todo',
        locate(name, variables),
        `its value is in ${place} and was not read; ${advice}set ${fieldFor(name)} by hand`,
      );
    }
  }
  return env;
}

/** `NAME: …` becomes `NAME (file line 3): …`. */
function locate(text: string, variables: Variables): string {
  const name = /^[^\s:]+/.exec(text)?.[0] ?? '';
  const origin = variables.get(name)?.origin;
  return origin === undefined || origin === '' ? text : `${name} (${origin})${text.slice(name.length)}`;
}

function reportWarning(warning: string, report: Report): void {
  // Where there is no prefix the old default is written down.
  if (warning.includes('has no store prefix')) return;
  const [, subject = 'ld-relay', verb, why = ''] = /^(.*?) (is ignored:|has no effect) (.*)$/s.exec(warning) ?? [];
  if (verb === undefined) report.note('changed', subject, warning);
  else report.note('needless', subject, verb === 'is ignored:' ? `had no effect: ${why}` : `had no effect ${why}`);
}

/** Tells of variables that were read by nobody; returns the names of those that no ld-relay knows. */
function accountFor(
  variables: Variables,
  used: ReadonlySet<string>,
  warnings: readonly string[],
  report: Report,
): string[] {
  const unknown: string[] = [];
  for (const [name, { value }] of variables) {
    if (used.has(name) || value === '') continue;
    if (value === undefined) {
      if (optionsFor(name).length === 0 && !isProxyVariable(name)) unknown.push(name);
      continue;
    }
    if (warnings.some((warning) => warning.startsWith(`${name} `)) || isOff(value)) continue;
    const subject = locate(name, variables);
    const family = companionOf(name);
    const instead = insteadOf(name);
    if (isProxyVariable(name)) continue;
    if (instead !== undefined) report.note('lost', subject, instead);
    else if (family !== undefined) report.note('needless', subject, `belongs to ${family}, which is not taken over`);
    else if (optionsFor(name).length === 0) unknown.push(name);
    else report.note('needless', subject, 'had no effect: what it belongs to is not switched on');
  }
  return unknown.sort();
}

function isOff(value: string): boolean {
  return /^(false|no|0|off)$/i.test(value);
}
