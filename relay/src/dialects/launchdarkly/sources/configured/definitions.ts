import { readFileSync } from 'node:fs';
import type { RelayConfig } from '../../../../config/document.ts';
import { type ConfigWatch, loadJsonDocument } from '../../../../config/load.ts';
import { noProblems } from '../../../../config/problems.ts';
import { hasOtherOrigin, restartParts } from '../../../../config/restart-parts.ts';
import type { DefinitionSink, DefinitionSource } from '../../../../environment/definition.ts';
import { type FileWatch, watchFiles } from '../../../../files/watch.ts';
import type { Logger } from '../../../../telemetry/logger.ts';
import type { EnvironmentDefinition } from '../../model/definition.ts';
import { credentialFiles, definitionsFor, hasDatabase } from './definition.ts';
import { type RunningEnvironment, type Succession, succeed } from './succession.ts';

/** What of a configuration says which environments there are. */
type Listed = Pick<RelayConfig, 'environments' | 'filters'>;

/** Keeps what runs for a process that ends and begins to serve again, as the active one of daemon mode does. */
export interface DefinitionsMemory {
  running: readonly RunningEnvironment[];
}

/** Options of {@link createConfiguredDefinitions}. */
export interface ConfiguredDefinitionsOptions {
  /** The JSON document, if the configuration came from one. */
  readonly watch?: ConfigWatch;
  /** Called with the whole configuration after the document was read again and taken over. */
  readonly onReload?: (config: RelayConfig) => void;
  /** Called when the document was read again and cannot be used. */
  readonly onRejected?: () => void;
  /** Called when an environment that had an SDK key or mobile key before has another one now. */
  readonly onRotated?: () => void;
  /** Called with the parts of the document that wait for a restart, whenever they are others. */
  readonly onHeld?: (parts: readonly string[]) => void;
  /** Called at each look with why the document is not there; undefined while it is. */
  readonly onAbsent?: (problem: string | undefined) => void;
  /** What ran before in this process; kept up to date. */
  readonly memory?: DefinitionsMemory;
  /** How often files are looked at although nothing was said, in ms. */
  readonly pollMs?: number;
}

/**
 * The environments of a configuration, delivered again when one of their secret files or the JSON document changes. A
 * document with mistakes is reported and the last good one stays; what cannot be changed while running is reported too, and
 * stays. So does a key whose file is gone: only another key, or a document without it, ends a key.
 */
export function createConfiguredDefinitions(
  config: RelayConfig,
  logger: Logger,
  options: ConfiguredDefinitionsOptions = {},
): DefinitionSource {
  /** The document that was taken over last. */
  let current = config;
  /** What of it, or of an earlier one, says which environments there are. */
  let listed: Listed = config;
  const memory: DefinitionsMemory = options.memory ?? { running: [] };
  const hasStore = hasDatabase(config);
  let delivered = '';
  /** Keys in force by environment, to tell a rotation from any other change. */
  let keys = new Map<string, Keys>();
  /** What was said last of the credentials of each environment. */
  let credentialProblems: ReadonlyMap<string, string> = new Map();
  let awaitedPrevious = '';
  let waiting = '';
  let held = '';
  let lastProblem = '';
  /** Text of the document that was taken over last; undefined until the first look. */
  let takenText: string | undefined;
  let watched: FileWatch | undefined;
  let watchedPaths = '';

  const succession = ({ environments }: Listed): Succession =>
    succeed(memory.running, environments, { now: Date.now(), hasStore });

  function deliver(sink: DefinitionSink): void {
    const next = succession(listed);
    memory.running = next.environments;
    noteHeld(next);
    noteWaiting(next.environments);
    const definitions = definitionsFor(next.environments, listed.filters);
    const text = JSON.stringify(definitions);
    if (text === delivered) return;
    if (delivered !== '') logger.info('environments changed', { environments: definitions.length });
    delivered = text;
    reportCredentials(definitions);
    sink.replace(definitions);
    noteRotation(definitions);
  }

  function noteRotation(definitions: readonly EnvironmentDefinition[]): void {
    const next = new Map(definitions.map(({ id, sdkKey, mobileKey }) => [id, { sdkKey, mobileKey }]));
    const rotated = [...next].filter(([id, now]) => isRotated(keys.get(id), now)).map(([id]) => id);
    keys = next;
    if (rotated.length === 0) return;
    logger.info('changed keys are in force', { environments: rotated.slice(0, 10).join(', ') });
    options.onRotated?.();
  }

  /** Tells what is missing, and what is there again, once. */
  function reportCredentials(definitions: readonly EnvironmentDefinition[]): void {
    const problems = new Map(
      definitions.flatMap(({ name, credentialProblem }) =>
        credentialProblem === undefined ? [] : [[name, credentialProblem]],
      ),
    );
    for (const [environment, problem] of problems) {
      if (credentialProblems.get(environment) === problem) continue;
      logger.warn('a credential is missing', { environment, problem });
    }
    for (const { name, credentialProblem } of definitions) {
      if (credentialProblem !== undefined || !credentialProblems.has(name)) continue;
      logger.info('every credential is there again', { environment: name });
    }
    credentialProblems = problems;
    noteAwaitedPrevious(definitions);
  }

  /** Tells whose key before a rotation was never there. */
  function noteAwaitedPrevious(definitions: readonly EnvironmentDefinition[]): void {
    const files = [...new Set(definitions.flatMap((one) => one.awaitedPrevious?.file ?? []))].join(', ');
    if (files === awaitedPrevious) return;
    awaitedPrevious = files;
    if (files === '') return;
    logger.warn('the SDK key before a rotation was never there: unknown SDK keys are answered 503, as they may be it', {
      files,
    });
  }

  /** Tells which parts of the document are not in force, whenever they are others. */
  function noteHeld(next: Succession): void {
    const parts = [...restartParts(config, current), ...next.held];
    const text = parts.join(', ');
    if (text === held) return;
    held = text;
    if (parts.length > 0) {
      logger.warn('these parts of the configuration take effect at the next start', { parts: text });
    }
    options.onHeld?.(parts);
  }

  /** Tells which environments go on although the document does not name them. */
  function noteWaiting(environments: readonly RunningEnvironment[]): void {
    const left = environments.filter(({ waitsFor }) => waitsFor.length > 0);
    const text = left.map(({ config: { name } }) => name).join(', ');
    if (text === waiting) return;
    waiting = text;
    if (text === '') return;
    logger.warn(
      'environments that the configuration does not name any more are served until it is known who follows them',
      {
        environments: text,
        waitsFor: [...new Set(left.flatMap(({ waitsFor }) => waitsFor))].join(', '),
      },
    );
  }

  function reload(path: string): void {
    const text = textOf(path);
    options.onAbsent?.(text === undefined ? `${path} cannot be read` : undefined);
    if (text !== undefined && text === takenText) return;
    const problems = noProblems();
    const next = loadJsonDocument(path, problems, config);
    const follows = next === undefined ? undefined : listedOf(next);
    const conflict = follows === undefined ? undefined : succession(follows).conflict;
    const problem = [...problems.mistakes, ...(conflict === undefined ? [] : [conflict])].join('; ');
    if (!next || follows === undefined || conflict !== undefined) {
      if (problem !== lastProblem) {
        logger.error('the changed configuration is not used', { problem });
        options.onRejected?.();
      }
      lastProblem = problem;
      return;
    }
    lastProblem = '';
    const firstLook = takenText === undefined;
    takenText = text;
    if (JSON.stringify(next) === JSON.stringify(current)) {
      // Another text with the same meaning: its hash is reported all the same.
      if (!firstLook) options.onReload?.(next);
      return;
    }
    for (const warning of problems.warnings) logger.warn(warning);
    current = next;
    listed = follows;
    options.onReload?.(next);
  }

  /** What a document says of the environments; what is in force now while something else is to say it after a restart. */
  function listedOf(document: RelayConfig): Listed {
    return hasOtherOrigin(document) ? listed : document;
  }

  function rewatch(sink: DefinitionSink): void {
    const paths = [...credentialFiles(listed), ...(options.watch ? [options.watch.path] : [])].sort();
    const joined = paths.join('\n');
    if (joined === watchedPaths) return;
    watched?.close();
    watchedPaths = joined;
    watched = watchFiles(paths, () => check(sink), options.pollMs);
  }

  function check(sink: DefinitionSink): void {
    if (options.watch) reload(options.watch.path);
    deliver(sink);
    rewatch(sink);
  }

  return {
    async start(sink) {
      deliver(sink);
      rewatch(sink);
    },
    async close() {
      watched?.close();
    },
  };
}

interface Keys {
  readonly sdkKey: string | undefined;
  readonly mobileKey: string | undefined;
}

/** True when a key that was there before is another one now; a key that comes for the first time, or goes, is no rotation. */
function isRotated(before: Keys | undefined, now: Keys): boolean {
  return (['sdkKey', 'mobileKey'] as const).some(
    (kind) => before?.[kind] !== undefined && now[kind] !== undefined && before[kind] !== now[kind],
  );
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined; // loading it tells the reason
  }
}
