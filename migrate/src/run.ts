import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { MIGRATE_USAGE, type MigrateCommand, MigrateUsageError, parseMigrateCommand } from './command-line.ts';
import { parseEnvText } from './env-text.ts';
import { expandReferences } from './expand.ts';
import { manifestFiles } from './manifests.ts';
import { type Migrated, type MigrateOptions, migrate } from './migrate.ts';
import { createReport, needsAttention, type Report, reportText } from './report.ts';
import type { SecretsMode } from './secrets.ts';
import { optionsFor } from './variable-options.ts';
import { MigrateError, resolveReferences, type Variable } from './variables.ts';
import { parseYamlVariables } from './yaml-variables.ts';

/** Exit codes, as `--help` tells them. */
const EXIT = { done: 0, failed: 1, mistake: 2, attention: 3 } as const;

/** What a run of `migrate` has to do with the world around it. */
export interface MigrateWorld {
  /** Another program reads what is printed: it is on no screen and in no file that others may read. */
  readonly isPiped: boolean;
  readonly env: NodeJS.ProcessEnv;
  stdout(text: string): void;
  stderr(text: string): void;
}

/** Runs `flagrelay migrate`; `argv` is what follows that word. Returns the exit code. */
export async function runMigrate(argv: readonly string[], world: MigrateWorld): Promise<number> {
  try {
    const command = parseMigrateCommand(argv);
    if (command.help) {
      world.stdout(MIGRATE_USAGE);
      return EXIT.done;
    }
    const migrated = migrate(await optionsOf(command, world.env));
    const secrets = secretsMode(command, world);
    write(migrated, secrets, command, world);
    world.stderr(summary(migrated, secrets));
    if (command.secrets === undefined && secrets === 'placeholders' && migrated.secrets.made.size > 0)
      world.stderr('\nThe Secrets have placeholders; --secrets manifests fills in the credentials.\n');
    return needsAttention(migrated.notes) ? EXIT.attention : EXIT.done;
  } catch (error) {
    if (error instanceof MigrateUsageError) return fail(world, EXIT.mistake, [error.message]);
    if (error instanceof MigrateError) return fail(world, EXIT.mistake, error.mistakes);
    if (error instanceof WriteError) return fail(world, EXIT.failed, [error.message]);
    throw error;
  }
}

function secretsMode({ secrets, output }: MigrateCommand, { isPiped }: MigrateWorld): SecretsMode {
  return secrets ?? (isPiped && output === undefined ? 'manifests' : 'placeholders');
}

function fail(world: MigrateWorld, code: number, lines: readonly string[]): number {
  world.stderr(lines.map((line) => `flagrelay migrate: ${line}\n`).join(''));
  return code;
}

async function optionsOf(command: MigrateCommand, env: NodeJS.ProcessEnv): Promise<MigrateOptions> {
  const { config, values, name, namespace } = command;
  const report = createReport();
  const variables = variablesOf(command, env, report);
  const conf = config === undefined ? {} : { conf: { text: readInputFile(config), file: labelOf(config) } };
  const common = { ...(name === undefined ? {} : { name }), ...(namespace === undefined ? {} : { namespace }) };
  if (values === undefined) {
    const surroundings = { secretOf: () => undefined, readFile: readIfThere };
    return { ...common, sources: { ...conf, variables }, surroundings, report };
  }
  const { optionsFromValues } = await import('./helm/options.ts');
  const file = { text: readInputFile(values), name: labelOf(values) };
  return { ...optionsFromValues(file, { ...conf, variables }, readIfThere, report), ...common };
}

/** The variables of this process, and those of files over them; what only was there to be referred to is left out. */
function variablesOf(
  { fromEnv, env: files, service }: MigrateCommand,
  env: NodeJS.ProcessEnv,
  report: Report,
): Map<string, Variable> {
  const result = new Map<string, Variable>();
  const referredTo = new Set<string>();
  if (fromEnv)
    for (const [name, value = ''] of Object.entries(env)) result.set(name, { value, origin: '', literal: true });
  for (const file of files) {
    const text = readInputFile(file);
    const isYaml =
      /\.(ya?ml|json)$/i.test(file) ||
      (file === '-' && /^(\{|---|\w+:(\s|$)|- )/m.test(text.trimStart().slice(0, 200)));
    const folder = file === '-' ? '.' : dirname(file);
    const beside = dotEnvBeside(folder);
    const around = {
      ...(service === undefined ? {} : { service }),
      lookup: (name: string) => {
        referredTo.add(name);
        return result.get(name)?.value ?? beside().get(name)?.value;
      },
      readFile: (path: string) => readIfThere(resolve(folder, path)),
      missing: (subject: string, what: string) => report.note('todo', subject, what),
    };
    const variables = isYaml
      ? parseYamlVariables(text, labelOf(file), around)
      : parseEnvText(text, labelOf(file), around);
    for (const [name, variable] of variables) result.set(name, variable);
  }
  const expanded = expandReferences(resolveReferences(result));
  for (const name of [...referredTo, ...expanded.referredTo]) {
    if (optionsFor(name).length === 0) expanded.variables.delete(name);
  }
  return expanded.variables;
}

/** The `.env` file of a folder, which docker compose takes values from; read when it is asked for. */
function dotEnvBeside(folder: string): () => Map<string, Variable> {
  let variables: Map<string, Variable> | undefined;
  return () => {
    variables ??= parseEnvText(readIfThere(join(folder, '.env')) ?? '', join(folder, '.env'));
    return variables;
  };
}

function labelOf(file: string): string {
  return file === '-' ? 'standard input' : file;
}

function readInputFile(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    throw new MigrateError([
      `${labelOf(file)} cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'unknown error'}`,
    ]);
  }
}

/** Files that a configuration names are where the ld-relay runs, which may be here. */
function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined; // the report says that it is to be brought
  }
}

class WriteError extends Error {
  override readonly name = 'WriteError';
}

function write(migrated: Migrated, secrets: SecretsMode, { output }: MigrateCommand, world: MigrateWorld): void {
  const files = manifestFiles(migrated, secrets);
  if (output === undefined) {
    world.stdout(files.map(({ text }) => text).join('---\n'));
    return;
  }
  try {
    mkdirSync(output, { recursive: true });
    for (const { file, text, secret } of files)
      writeFileSync(join(output, file), text, { mode: secret ? 0o600 : 0o644 });
  } catch (error) {
    const { code = 'unknown error', path = output } = error as NodeJS.ErrnoException;
    throw new WriteError(`cannot write ${path}: ${code}`);
  }
}

/** The report: what was made, notes, what was passed over. */
function summary({ relayProxy, secrets, notes, unknown }: Migrated, mode: SecretsMode): string {
  const keys = [...secrets.made].map(([secret, names]) => `${secret} (${names.join(', ')})`);
  const made = { manifests: 'Secret', placeholders: 'Secret to be filled in', omit: 'Secret to be made' }[mode];
  const lines = [`RelayProxy ${relayProxy.metadata.name}\n`, ...keys.map((key) => `${made} ${key}\n`)];
  const rest = unknown.length === 0 ? '' : `\nNo options of ld-relay, passed over: ${unknown.join(', ')}\n`;
  return `${lines.join('')}\n${reportText(notes)}${rest}`;
}
