import type { Aggregate } from './aggregate.ts';
import { describeSilent } from './reports-received.ts';
import type { SilentPod } from './snapshot.ts';
import { type Evidence, someOf, type Verdict } from './verdict.ts';

/**
 * EnvironmentsConnected: every environment is connected in some ready pod. An interruption counts once it has lasted for
 * `upstream.disconnectedAfterSeconds`.
 */
export function environmentsConnected({ snapshot, environments }: Evidence): Verdict {
  const { list, total, connected, awaiting } = environments;
  const { autoConfig } = snapshot.relayProxy.spec;
  if (snapshot.instances.length === 0) {
    const message = `No pod has reported yet${silence(snapshot.silent)}.`;
    return { status: 'Unknown', reason: 'Initializing', message };
  }
  if (awaiting !== undefined && snapshot.now < awaiting.failsAt) {
    return {
      status: 'Unknown',
      reason: 'AwaitingActive',
      message: 'No pod is active; one that stands by takes over within some seconds.',
    };
  }
  if (awaiting !== undefined) {
    const { disconnectedAfterSeconds } = snapshot.relayProxy.spec.upstream;
    const message = `No pod has been active for ${disconnectedAfterSeconds} s or more, the store is not kept up to date.`;
    return { status: 'False', reason: 'NoActiveInstance', message };
  }
  if (environments.awaitsPods) {
    const source = autoConfig === undefined ? 'the archive' : 'AutoConfig';
    const message = `No pod that reads its environments from ${source} has reported yet; earlier pods serve on with the configuration that they have${silence(snapshot.silent)}.`;
    return { status: 'Unknown', reason: 'AwaitingRollout', message };
  }
  if (total === 0) {
    return autoConfig === undefined
      ? { status: 'Unknown', reason: 'Initializing', message: 'The archive has not been read yet.' }
      : { status: 'Unknown', reason: 'AwaitingAutoConfig', message: 'The list of environments has not arrived yet.' };
  }
  const lost = list.filter((item) => !item.connected);
  if (lost.length === 0) {
    const message = `${connected} of ${total} environments are connected${silence(snapshot.silent)}.`;
    return { status: 'True', reason: 'AllConnected', message };
  }
  const failed = lost.filter((item) => !item.awaitsPods);
  const awaited = lost.filter((item) => item.awaitsPods).map((item) => item.status.name);
  const parts = [
    ...(failed.length > 0 ? [`not connected: ${someOf(failed.map(describe))}`] : []),
    ...(awaited.length > 0 ? [`waiting for pods that have them: ${someOf(awaited)}; earlier pods serve on`] : []),
  ];
  const message = `${connected} of ${total} environments are connected; ${parts.join('; ')}${silence(snapshot.silent)}.`;
  if (failed.length === 0) return { status: 'Unknown', reason: 'AwaitingRollout', message };
  const states = new Set(failed.map((item) => item.status.state));
  if (states.has('OFF')) return { status: 'False', reason: 'InvalidKey', message };
  if (states.has('DuplicateCredential')) return { status: 'False', reason: 'DuplicateCredential', message };
  if (states.has('CredentialMissing')) return { status: 'False', reason: 'CredentialMissing', message };
  // Without any pod that ever had the data nothing is broken yet.
  const starting = states.size === 1 && states.has('INITIALIZING') && failed.every((item) => !item.status.lastError);
  if (starting) return { status: 'Unknown', reason: 'Initializing', message };
  return { status: 'False', reason: 'SomeDisconnected', message };
}

/** Which pods do not report, and what asking them brought. */
function silence(silent: readonly SilentPod[]): string {
  if (silent.length === 0) return '';
  return `; pods that do not report and are asked instead: ${someOf(silent.map(describeSilent))}`;
}

function describe({ status: { name, state, lastError }, heldBack }: Aggregate): string {
  const why = lastError?.message ? `, ${lastError.message}` : '';
  return `${name} (${state}${why}${heldBack ? '; earlier pods serve on without it' : ''})`;
}
