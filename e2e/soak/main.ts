import { cpus } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { openControlPlane } from '../control-plane/control-plane.ts';
import { ENVIRONMENTS } from '../control-plane/fleet.ts';
import { openLabClient } from '../control-plane/lab-client.ts';
import { buildOperator, startOperator } from '../control-plane/operator-process.ts';
import { startRelaySimulator } from '../control-plane/relay-simulator.ts';
import { startFleetChurn } from './fleet-churn.ts';
import { startRelayLoad } from './relay-load.ts';
import { createSampler, judge, type Sample, sampleTable } from './samples.ts';

// `make soak MINUTES=60`: an operator on a control plane of its own whose RelayProxies and pods come, change and go, and a relay whose
// streams and flags do. A table of what a leak would show in; exit code 1 when something grew over the second half.

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '60' } } });
const minutes = Number(values.minutes);
if (!(minutes > 0 && minutes <= 24 * 60)) throw new RangeError(`--minutes: ${values.minutes} is not from 1 to 1440`);

/** Between two cycles, ms: leaks show in how often something happens, not in how fast. */
const PAUSE_MS = 6_000;
const SAMPLES = 30;
const progress = (text: string) => process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${text}\n`);

const samples: Sample[] = [];
const stops: (() => Promise<void>)[] = [];
try {
  progress('starting a control plane, an operator and a relay');
  await buildOperator();
  const plane = await openControlPlane('soak');
  stops.unshift(plane.close);
  const lab = openLabClient(plane.kubeconfig);
  stops.unshift(lab.close);
  const simulator = startRelaySimulator(lab, ENVIRONMENTS);
  stops.unshift(simulator.stop);
  const kubeconfig = plane.operatorKubeconfig(0);
  const operator = await startOperator({ name: 'soaked', folder: plane.folder, kubeconfig });
  stops.unshift(operator.stop);
  const relay = await startRelayLoad();
  stops.unshift(relay.stop);
  const churn = await startFleetChurn(lab, simulator);
  const sample = createSampler(operator, relay.server.pid);
  const started = performance.now();
  const elapsed = () => (performance.now() - started) / 60_000;
  for (let cycle = 1; elapsed() < minutes; cycle += 1) {
    await Promise.all([churn(cycle), relay.cycle()]);
    await delay(PAUSE_MS);
    if (operator.ended() !== undefined) throw new Error(`the operator has ended: ${operator.ended()}`);
    if (samples.length < Math.floor((elapsed() / minutes) * SAMPLES)) {
      const taken = await sample(cycle);
      samples.push(taken);
      progress(`minute ${taken.minute.toFixed(1)}, ${cycle} cycles, RSS ${(taken.rss / 2 ** 20).toFixed(0)} MiB`);
    }
  }
} finally {
  for (const stop of stops) await stop();
}
const { lines, grown } = judge(samples);
console.log(
  `${new Date().toISOString().slice(0, 16)}Z, Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model}, ${minutes} minutes.\n`,
);
console.log(sampleTable(samples));
console.log(
  `\nGrowth over the second half: ${lines.join('; ')}. ${grown.length === 0 ? 'Level.' : `Grown: ${grown.join('; ')}.`}`,
);
process.exitCode = grown.length > 0 ? 1 : 0;
