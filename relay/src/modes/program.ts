import type { ConfigWatch } from '../config/load.ts';
import type { Dialect } from '../dialects/dialect.ts';
import type { Family } from '../environment/outlet.ts';
import type { StartupError } from '../errors.ts';
import type { Logger } from '../telemetry/logger.ts';

/** What every program is started with beside its configuration. */
export interface ProgramDeps<F extends Family> {
  readonly dialect: Dialect<F>;
  readonly logger: Logger;
  readonly env: NodeJS.ProcessEnv;
  /** The JSON document that the configuration came from, to be watched. */
  readonly watch?: ConfigWatch;
  /** The relay cannot go on: an environment has no data in time and the configuration says to exit then. */
  readonly fatal: (error: StartupError) => void;
}

/** A relay that runs, in one process or in several, or fills a store only. */
export interface RunningProgram {
  /** Port of the SDK listener; undefined in daemon mode. */
  readonly port: number | undefined;
  /** Port of the ops listener; undefined when there is none. */
  readonly opsPort: number | undefined;
  /** Open SDK streams. */
  streams(): number;
  /**
   * Goes down gracefully: not ready any more, waits for endpoints to move away, ends streams spread over the drain time.
   * Takes `server.drainMs` at most, and 2.5 s more where events still wait; no time at all without clients and events.
   */
  drain(): Promise<void>;
  /** Closes everything at once. Idempotent. */
  close(): Promise<void>;
}
