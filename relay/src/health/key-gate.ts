import type { RelayConfig } from '../config/document.ts';
import { jobTimer } from '../jobs/jobs.ts';
import { podVariable, type ServiceAccountFiles } from '../kubernetes/api-server.ts';
import { describe } from '../telemetry/describe.ts';
import type { Logger } from '../telemetry/logger.ts';
import { ASKING, type GateEvent, gateAfter } from './key-gate-state.ts';
import { createPeerStatusClient } from './peer-status.ts';
import { type AwaitedEnvironment, type OwnEnvironments, type Served, servedByOthers } from './peers.ts';

/** Keeps a pod that lacks a key from taking the place of pods that have it. */
export interface KeyGate {
  /**
   * Why a pod that has never been ready, and was given these environments, must not be ready now; undefined when it may be. Cheap: it
   * starts asking, and says what is known.
   */
  holds(own: OwnEnvironments): string | undefined;
  /** Stops asking and frees the connection. */
  close(): Promise<void>;
}

/** Dependencies of {@link createKeyGate}. */
export interface KeyGateOptions {
  readonly config: NonNullable<RelayConfig['report']>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly logger: Logger;
  /** What {@link KeyGate.holds} says may have changed. */
  readonly changed: () => void;
  /** Where the pod's service account is; kubelet's folder unless given. */
  readonly account?: ServiceAccountFiles;
  readonly timing?: Partial<KeyGateTiming>;
}

/** All in ms. */
export interface KeyGateTiming {
  /** From one look at the pod's peers to the next, less up to a quarter at random. */
  readonly lookMs: number;
  /** The API server has this long to answer. */
  readonly timeoutMs: number;
  /** From a failure to the next look, while nothing is known yet. */
  readonly retryMs: number;
  /** Without any answer for this long nothing holds the pod. */
  readonly giveUpMs: number;
}

const TIMING: KeyGateTiming = { lookMs: 10_000, timeoutMs: 5_000, retryMs: 2_000, giveUpMs: 30_000 };

/**
 * Asks the API server who else serves the environments whose keys this pod lacks: at once, then every ten seconds while others
 * do. Once it was found that nobody does, it does not hold any more.
 *
 * While the API server has not answered yet, the pod is held for half a minute: a rollout gets on only as fast as pods become
 * ready, so that waiting costs little, and being ready too early costs an environment. Where it never answers, such as
 * behind a network policy, the pod is ready then. An answer that others serve holds for as long as there is no other: old pods
 * go only by way of the same API server.
 * @throws StartupError outside of a cluster
 */
export function createKeyGate(options: KeyGateOptions): KeyGate {
  const { config, env, logger, changed } = options;
  const timing = { ...TIMING, ...options.timing };
  const self = podVariable(env, 'POD_NAME', 'report');
  const client = createPeerStatusClient(
    podVariable(env, 'POD_NAMESPACE', 'report'),
    config.relayProxy,
    env,
    options.account,
  );
  let own: OwnEnvironments = { names: [], awaited: [] };
  let state = ASKING;
  let looking = false;

  const pause = (): number => (state.kind === 'held' ? timing.lookMs * (1 - Math.random() / 4) : timing.retryMs);
  const wanted = (): boolean => state.kind !== 'open' && !looking && own.awaited.length > 0;

  // A look arms the next one when it has ended; one that failed before it began does not.
  const timer = jobTimer(
    'key-gate',
    () => look(),
    () => (wanted() ? pause() : undefined),
  );

  const look = async (): Promise<void> => {
    if (!wanted()) return;
    looking = true;
    note({ kind: 'look-began', now: performance.now() });
    try {
      note({ kind: 'found', served: servedByOthers(await client.read(timing.timeoutMs), self, own) });
    } catch (error) {
      note({ kind: 'look-failed', now: performance.now(), giveUpMs: timing.giveUpMs }, error);
    } finally {
      looking = false;
      if (wanted()) timer.arm(pause());
    }
  };

  /** Goes on to the next state, and tells of it where that changes what {@link KeyGate.holds} says. */
  const note = (event: GateEvent, error?: unknown): void => {
    const before = state;
    state = gateAfter(before, event);
    if (state.kind === 'open') {
      if (before.kind === 'open' || event.kind === 'closed') return;
      if (event.kind === 'look-failed') {
        logger.warn('cannot ask whether other pods serve what this pod has no key of: it may be ready without', {
          environments: own.awaited.map(({ name }) => name).join(', '),
          error: describe(error),
        });
      } else if (before.kind === 'held') {
        logger.info('no other pod serves what this pod has no key of: it may be ready');
      }
      changed();
    } else if (state.kind === 'held' && (before.kind !== 'held' || before.served !== state.served)) {
      logger.warn('not ready: other pods serve what this pod has no key of', { why: words(state.served) });
      changed();
    }
  };

  return {
    holds(now) {
      own = now;
      const { awaited } = now;
      if (state.kind === 'open' || awaited.length === 0) return undefined;
      if (state.kind === 'asking') {
        if (!looking) timer.arm(0);
        return `${names(awaited)}: no key here, and it is not known yet whether other pods have it`;
      }
      if (!looking) timer.arm(timing.lookMs);
      const held = new Map([...state.served].filter(([name]) => awaited.some((one) => one.name === name)));
      return held.size === 0 ? undefined : words(held);
    },
    async close() {
      note({ kind: 'closed' });
      timer.cancel();
      await client.close();
    },
  };
}

/** As many names as a line holds. */
const MAX_NAMES = 5;

function words(held: ReadonlyMap<string, Served>): string {
  const each = [...held].slice(0, MAX_NAMES).map(([name, { pods, as }]) => {
    const others = pods === 1 ? '1 other pod' : `${pods} other pods`;
    const [serve, accept] = pods === 1 ? ['serves', 'accepts'] : ['serve', 'accept'];
    if (as === 'same') return `environment ${name} has no key here, and ${others} ${serve} it`;
    if (as === 'previous') {
      return `environment ${name} has no key before its rotation here, and ${others} ${accept} one`;
    }
    return `environment ${name} has no key here, and may be one that ${others} ${serve} under another name`;
  });
  return [...each, ...(held.size > MAX_NAMES ? [`and ${held.size - MAX_NAMES} more`] : [])].join('; ');
}

function names(awaited: readonly AwaitedEnvironment[]): string {
  const shown = awaited.slice(0, MAX_NAMES).map(({ name }) => name);
  return [`environment ${shown.join(', ')}`, ...(awaited.length > MAX_NAMES ? ['and more'] : [])].join(' ');
}
