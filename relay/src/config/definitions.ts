import { readFileSync } from 'node:fs';
import type { DefinitionSink, DefinitionSource, EnvironmentDefinition } from '../environment/definition.ts';
import { type FileWatch, watchFiles } from '../files/watch.ts';
import type { Logger } from '../telemetry/logger.ts';
import { credentialFiles, definitionsOf } from './definition.ts';
import type { RelayConfig } from './document.ts';
import { type ConfigWatch, loadJsonDocument } from './load.ts';
import { noProblems } from './problems.ts';

/** Parts of the document that a running relay takes over; a change elsewhere needs a restart. */
const RELOADED: ReadonlySet<string> = new Set(['environments', 'filters']);

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
  /** How often files are looked at although nothing was said, in ms. */
  readonly pollMs?: number;
}

/**
 * The environments of a configuration, delivered anew when one of their secret files or the JSON document changes. A
 * document with mistakes is reported and the last good one stays; what cannot be changed while running is reported too.
 */
export function createConfiguredDefinitions(
  config: RelayConfig,
  logger: Logger,
  options: ConfiguredDefinitionsOptions = {},
): DefinitionSource {
  let current = config;
  let delivered = '';
  /** Keys in force by environment, to tell a rotation from any other change. */
  let keys = new Map<string, Keys>();
  let lastProblem = '';
  /** Text of the document that was taken over last; undefined until the first look. */
  let takenText: string | undefined;
  let watched: FileWatch | undefined;
  let watchedPaths = '';

  function deliver(sink: DefinitionSink): void {
    const definitions = definitionsOf(current);
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

  function reportCredentials(definitions: readonly EnvironmentDefinition[]): void {
    for (const { name, credentialProblem } of definitions) {
      if (credentialProblem !== undefined) {
        logger.warn('a credential is missing', { environment: name, problem: credentialProblem });
      }
    }
  }

  function reload(path: string): void {
    const text = textOf(path);
    if (text !== undefined && text === takenText) return;
    const problems = noProblems();
    const next = loadJsonDocument(path, problems);
    const problem = problems.mistakes.join('; ');
    if (!next) {
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
    const needRestart = changedParts(current, next).filter((part) => !RELOADED.has(part));
    if (needRestart.length > 0) {
      logger.warn('these parts of the configuration take effect at the next start', { parts: needRestart.join(', ') });
    }
    for (const warning of problems.warnings) logger.warn(warning);
    current = next;
    options.onReload?.(next);
  }

  function rewatch(sink: DefinitionSink): void {
    const paths = [...credentialFiles(current), ...(options.watch ? [options.watch.path] : [])].sort();
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

/** Names of the top-level parts that differ. */
function changedParts(before: RelayConfig, after: RelayConfig): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]) as Set<keyof RelayConfig>;
  return [...names].filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
}
