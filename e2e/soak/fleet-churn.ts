import { type Pod, types } from '@flagrelay/operator/kinds';
import { managedSelector } from '@flagrelay/operator/names';
import { relayProxy } from '../control-plane/fleet.ts';
import type { LabClient } from '../control-plane/lab-client.ts';
import type { RelaySimulator } from '../control-plane/relay-simulator.ts';

/** RelayProxies that are there all the time, and how many of those that come and go are there at a time. */
export const STEADY = 8;
const PASSING = 3;
export const namespace = 'default';

/** Makes the steady RelayProxies; answers what happens in one cycle: one is made, one changed, one deleted, two pods die, one pod's relays tell news. */
export async function startFleetChurn(
  { client }: LabClient,
  simulator: RelaySimulator,
): Promise<(cycle: number) => Promise<void>> {
  const create = (name: string) => client.create(types.relayProxy, { ...relayProxy(0), metadata: { name, namespace } });
  for (let index = 0; index < STEADY; index += 1) await create(`steady-${index}`);
  return async (cycle) => {
    const chosen = `steady-${cycle % STEADY}`;
    await create(`passing-${cycle}`);
    const spec = cycle % 2 === 0 ? { replicas: 3 + (cycle % 3) } : { logLevel: cycle % 4 === 1 ? 'debug' : 'info' };
    await client.patch(types.relayProxy, { name: chosen, namespace }, { type: 'merge', body: { spec } });
    await client.delete(types.relayProxy, { name: `passing-${cycle - PASSING}`, namespace });
    const pods = await client.list<Pod>(types.pod, { namespace, labelSelector: managedSelector });
    const victims = [pods.items[cycle % pods.items.length], pods.items[(cycle * 7 + 1) % pods.items.length]];
    for (const pod of victims) {
      const { metadata } = pod ?? {};
      if (metadata?.name !== undefined) await client.delete(types.pod, { name: metadata.name, namespace });
    }
    simulator.setConnections(`${namespace}/steady-${(cycle + 1) % STEADY}`, cycle % 90);
  };
}
