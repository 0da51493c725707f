import type { Kubectl } from './kubectl.ts';

/** Name of the CRD object of RelayProxies. */
export const relayProxyCrd = 'relayproxies.flagrelay.dev';

/**
 * Waits until the API server serves RelayProxies. (`kubectl wait` fails on a CRD that was made a moment ago: its conditions are null.)
 * @throws Error when that is not so in time
 */
export async function waitForRelayProxyCrd(kubectl: Kubectl): Promise<void> {
  const isEstablished = (c: { type: string; status: string }) => c.type === 'Established' && c.status === 'True';
  await kubectl.waitForObject('crd', relayProxyCrd, undefined, 'Established', (o) =>
    o.status?.conditions?.some(isEstablished),
  );
}
