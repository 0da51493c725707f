import type { LogFields, Logger, LogLevel } from './logger.ts';

/** A logger whose fields and level can change: everything that holds it, or a child of it, then uses the new ones. */
export interface FollowingLogger extends Logger {
  follow(fields: LogFields, level: LogLevel | undefined): void;
}

/** Makes a child of `parent` that can be told to {@link FollowingLogger.follow}. */
export function followingLogger(parent: Logger, fields: LogFields, level: LogLevel | undefined): FollowingLogger {
  let target = parent.child(fields, level);
  const through = (current: () => Logger): Logger => ({
    debug: (message, more) => current().debug(message, more),
    info: (message, more) => current().info(message, more),
    warn: (message, more) => current().warn(message, more),
    error: (message, more) => current().error(message, more),
    child: (more, own) => {
      let made: { readonly of: Logger; readonly child: Logger } | undefined;
      return through(() => {
        const of = current();
        if (made?.of !== of) made = { of, child: of.child(more, own) };
        return made.child;
      });
    },
  });
  return {
    ...through(() => target),
    follow: (next, nextLevel) => {
      target = parent.child(next, nextLevel);
    },
  };
}
