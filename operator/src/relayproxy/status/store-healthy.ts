import { type Evidence, someOf, type Verdict } from './verdict.ts';

/** StoreHealthy: every pod reaches the persistent store; undefined without one. */
export function storeHealthy({ snapshot, environments }: Evidence): Verdict | undefined {
  if (snapshot.relayProxy.spec.store === undefined) return undefined;
  if (snapshot.instances.length === 0) {
    return { status: 'Unknown', reason: 'Initializing', message: 'No pod has reported yet.' };
  }
  if (environments.awaiting !== undefined) {
    return { status: 'Unknown', reason: 'AwaitingActive', message: 'No pod is active.' };
  }
  const namesIn = (state: string) =>
    environments.list.filter(({ status }) => status.storeState === state).map(({ status }) => status.name);
  const interrupted = namesIn('INTERRUPTED');
  if (interrupted.length > 0) {
    const message = `The store cannot be reached for ${someOf(interrupted)}; pods serve from memory.`;
    return { status: 'False', reason: 'Interrupted', message };
  }
  const starting = namesIn('INITIALIZING');
  if (starting.length > 0) {
    return {
      status: 'Unknown',
      reason: 'Initializing',
      message: `The store is not yet filled for ${someOf(starting)}.`,
    };
  }
  return { status: 'True', reason: 'Connected', message: 'Every pod reaches the store.' };
}
