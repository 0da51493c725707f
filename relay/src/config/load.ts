import { readFileSync } from 'node:fs';
import { VERSION } from '../version.ts';
import { assemble, baseUris } from './assemble.ts';
import { type CommandLine, parseCommandLine, USAGE, UsageError } from './command-line.ts';
import type { RelayConfig, RelayDocument } from './document.ts';
import { checkFiles } from './files.ts';
import { readEnvironment } from './from-env.ts';
import { readIni } from './from-ini.ts';
import { maskedText } from './mask.ts';
import { noProblems, type Problems } from './problems.ts';
import { parseDocument, parseJson } from './schema.ts';
import { resolveSecretFiles } from './secrets.ts';
import { createSettings } from './settings.ts';
import { validate } from './validate.ts';

/** Exit code for mistakes in the configuration or on the command line. */
const EXIT_MISTAKE = 2;

/** Where ld-relay looks when the command line names nothing (contract 4.1). */
const DEFAULT_FILE = '/etc/ld-relay.conf';

/** A JSON document that is watched while the relay runs. */
export interface ConfigWatch {
  readonly path: string;
}

/** What the command line, the file and the environment variables amount to. */
export type LoadResult =
  | {
      readonly kind: 'run';
      readonly config: RelayConfig;
      readonly warnings: readonly string[];
      readonly watch?: ConfigWatch;
    }
  | {
      readonly kind: 'export';
      readonly config: RelayConfig;
      readonly warnings: readonly string[];
      readonly outFile: string;
    }
  | { readonly kind: 'exit'; readonly code: number; readonly stdout?: string; readonly stderr?: string };

/**
 * Reads the configuration (contract 4). All mistakes are reported at once, one line each; exit code {@link EXIT_MISTAKE}.
 * @param argv arguments after the program's name
 */
export function loadConfig(argv: readonly string[], env: NodeJS.ProcessEnv): LoadResult {
  let line: CommandLine;
  try {
    line = parseCommandLine(argv);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return { kind: 'exit', code: EXIT_MISTAKE, stderr: `flagrelay: ${error.message}\n` };
  }
  if (line.version) return { kind: 'exit', code: 0, stdout: `${VERSION}\n` };
  if (line.help) return { kind: 'exit', code: 0, stdout: USAGE };
  const problems = noProblems();
  const isJson = line.configFile?.endsWith('.json') === true;
  const config = isJson ? fromJson(line, env, problems) : fromIniAndEnvironment(line, env, problems);
  if (config) checkFiles(config, problems);
  if (!config || problems.mistakes.length > 0) return refusal(problems);
  const { warnings } = problems;
  if (line.command === 'check-config') return report(config, warnings);
  if (line.command === 'archive-export') return { kind: 'export', config, warnings, outFile: line.outFile ?? '' };
  return { kind: 'run', config, warnings, ...(isJson ? { watch: { path: line.configFile ?? '' } } : {}) };
}

/**
 * Reads and checks a JSON document. Problems say why it cannot be used.
 * @param running what this process runs on, when a document is read again: secrets of it whose files are gone count as unchanged
 */
export function loadJsonDocument(path: string, problems: Problems, running?: RelayConfig): RelayConfig | undefined {
  const text = readConfigFile(path, false, problems);
  const document = text === undefined ? undefined : parseJson(text, `${path} `, problems);
  return document === undefined ? undefined : finish(document, `${path}: `, problems, running);
}

function fromJson(line: CommandLine, env: NodeJS.ProcessEnv, problems: Problems): RelayConfig | undefined {
  const path = line.configFile ?? '';
  if (line.fromEnv || line.dataFile !== undefined) {
    problems.mistakes.push(
      `--from-env and --file cannot be used with a JSON document (${path}); put everything into it`,
    );
    return undefined;
  }
  if (line.allowMissingFile && readConfigFile(path, true, noProblems()) === undefined) {
    return fromIniAndEnvironment({ ...line, command: line.command, fromEnv: true }, env, problems);
  }
  return loadJsonDocument(path, problems);
}

function fromIniAndEnvironment(line: CommandLine, env: NodeJS.ProcessEnv, problems: Problems): RelayConfig | undefined {
  const settings = createSettings();
  const file = line.configFile ?? (line.fromEnv || line.dataFile !== undefined ? undefined : DEFAULT_FILE);
  if (file !== undefined && !file.endsWith('.json')) {
    const text = readConfigFile(file, line.allowMissingFile, problems);
    if (text !== undefined) readIni(text, file, settings, problems);
    else if (!line.allowMissingFile) return undefined;
  }
  if (line.fromEnv || line.dataFile !== undefined) readEnvironment(env, settings, problems);
  const document = assemble(settings, problems);
  const complete = line.dataFile === undefined ? document : withDataFile(document, line.dataFile);
  // A document with values that were already found wrong would only repeat them.
  return problems.mistakes.length > 0 ? stillCheck(complete, problems) : finish(complete, '', problems);
}

/** After mistakes in single values: the rules between options may have more to tell. */
function stillCheck(document: RelayDocument, problems: Problems): undefined {
  const config = parseDocument(document, '', noProblems());
  if (config) validate(config, problems);
}

function finish(
  document: RelayDocument,
  where: string,
  problems: Problems,
  running?: RelayConfig,
): RelayConfig | undefined {
  const parsed = parseDocument(withBaseUris(document), where, problems);
  if (!parsed) return undefined;
  const config = resolveSecretFiles(parsed, problems, running);
  validate(config, problems);
  return problems.mistakes.length === 0 ? config : undefined;
}

function withBaseUris(document: RelayDocument): RelayDocument {
  const upstream = document?.upstream;
  if (typeof upstream !== 'object' || upstream === null || typeof upstream.baseUri !== 'string') return document;
  return { ...document, upstream: { ...upstream, ...baseUris(upstream.baseUri, upstream.clientSideBaseUri) } };
}

/** `--file`: all environments, or one with well-known local keys, are served from a data file. */
function withDataFile(document: RelayDocument, dataFile: string): RelayDocument {
  const given = document.environments ?? [];
  const environments =
    given.length > 0
      ? given.map((environment) => ({ ...environment, dataFile: environment.dataFile ?? dataFile }))
      : [{ name: 'default', sdkKey: 'sdk-local', mobileKey: 'mob-local', envId: 'local', dataFile }];
  return { ...document, environments };
}

function readConfigFile(path: string, mayBeMissing: boolean, problems: Problems): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    if (code === 'ENOENT' && mayBeMissing) return undefined;
    const advice = code === 'ENOENT' ? 'it does not exist; name another with --config, or use --from-env' : code;
    problems.mistakes.push(`cannot read the configuration file ${path}: ${advice}`);
    return undefined;
  }
}

function refusal({ mistakes, warnings }: Problems): LoadResult {
  const count = mistakes.length === 1 ? 'a mistake' : `${mistakes.length} mistakes`;
  const lines = [
    `flagrelay: the configuration has ${count}:`,
    ...mistakes.map((mistake) => `  ${mistake}`),
    ...warnings.map((warning) => `  warning: ${warning}`),
  ];
  return { kind: 'exit', code: EXIT_MISTAKE, stderr: `${lines.join('\n')}\n` };
}

function report(config: RelayConfig, warnings: readonly string[]): LoadResult {
  const stderr = warnings.map((warning) => `warning: ${warning}\n`).join('');
  return { kind: 'exit', code: 0, stdout: maskedText(config), ...(stderr ? { stderr } : {}) };
}
