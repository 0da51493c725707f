import type { Definition, DefinitionSink } from '../../environment/definition.ts';
import { type FollowingLogger, followingLogger } from '../../telemetry/following-logger.ts';
import type { Logger } from '../../telemetry/logger.ts';

/** The loggers of environments in the primary, whose sources outlive a new name or log level. */
export interface EnvironmentLoggers {
  loggerOf(definition: Definition): Logger;
  /** Passes everything on to `sink`; the loggers follow. */
  before(sink: DefinitionSink): DefinitionSink;
}

/** Makes {@link EnvironmentLoggers} of children of `logger`. */
export function createEnvironmentLoggers(logger: Logger): EnvironmentLoggers {
  const loggers = new Map<string, FollowingLogger>();
  const follow = ({ id, name, logLevel }: Definition): void => loggers.get(id)?.follow({ environment: name }, logLevel);
  return {
    loggerOf({ id, name, logLevel }) {
      const known = loggers.get(id);
      if (known !== undefined) return known;
      const made = followingLogger(logger, { environment: name }, logLevel);
      loggers.set(id, made);
      return made;
    },
    before: (sink) => ({
      replace(definitions) {
        const ids = new Set(definitions.map(({ id }) => id));
        for (const id of loggers.keys()) if (!ids.has(id)) loggers.delete(id);
        for (const definition of definitions) follow(definition);
        sink.replace(definitions);
      },
      change(changes) {
        for (const id of changes.removed) loggers.delete(id);
        for (const definition of changes.changed) follow(definition);
        sink.change(changes);
      },
      refused: (entries) => sink.refused?.(entries),
    }),
  };
}
