import type { Evidence, Verdict } from './verdict.ts';
import { zonesOf } from './zones.ts';

/** ZonesSpread: ready pods are in enough zones, and in about the same number in each of them. */
export function zonesSpread({ snapshot: { pods, relayProxy } }: Evidence): Verdict {
  const { minZones, maxSkew, topologyKey } = relayProxy.spec.zones;
  const zones = zonesOf(pods);
  const ready = zones.filter((zone) => zone.readyReplicas > 0);
  const counts = zones.map((zone) => `${zone.name}: ${zone.readyReplicas}`).join(', ');
  if (ready.length < minZones) {
    const message = `Ready pods are in ${ready.length} zones, \`spec.zones.minZones\` is ${minZones}`;
    const detail = counts || `no pod runs on a node with the label ${topologyKey}`;
    return { status: 'False', reason: 'TooFewZones', message: `${message} (${detail}).` };
  }
  const numbers = zones.map((zone) => zone.readyReplicas);
  if (Math.max(...numbers) - Math.min(...numbers) > maxSkew) {
    return {
      status: 'False',
      reason: 'Skewed',
      message: `Ready pods by zone differ by more than ${maxSkew} (${counts}).`,
    };
  }
  return { status: 'True', reason: 'Spread', message: `Ready pods are in ${ready.length} zones (${counts}).` };
}
