import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { originFromNow } from '@flagrelay/relay/bench/origin';
import type { Scaled } from '@flagrelay/relay/bench/report/scaled';
import { measureFloor } from './floor.ts';
import { measureScale } from './measure.ts';
import { cpuTable, phaseTable, scaledPhase, writeTable } from './table.ts';

// `make scale`: the operator with 1,000 RelayProxies. `--count` takes another number, `--profile FOLDER` a CPU profile of the cold start,
// `--out FILE` the figures as JSON, `--floor` measures the control plane alone as well, with the same writes and no operator.

const { values } = parseArgs({
  options: {
    count: { type: 'string' },
    idle: { type: 'string' },
    profile: { type: 'string' },
    floor: { type: 'boolean' },
    out: { type: 'string' },
  },
});
const relayProxies = positive('--count', values.count ?? '1000');
const idleSeconds = positive('--idle', values.idle ?? '60');
const profileFolder = values.profile === undefined ? undefined : resolve(values.profile);
if (profileFolder !== undefined) mkdirSync(profileFolder, { recursive: true });
const progress = (text: string) => process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${text}\n`);

const origin = originFromNow();
const load = loadavg()[0] ?? 0;
const { phases, recording } = await measureScale({ relayProxies, idleMs: idleSeconds * 1000, profileFolder, progress });
const [cold, settled] = phases;
console.log(`${new Date().toISOString().slice(0, 16)}Z, Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model}, \
load ${load.toFixed(1)} before it; ${relayProxies} RelayProxies, ${relayProxies * 3} pods.\n`);
console.log(`${phaseTable(phases, relayProxies)}\n`);
if (cold !== undefined && settled !== undefined) {
  console.log(`${writeTable([...cold.writes, ...settled.writes], relayProxies)}\n`);
  console.log(cpuTable(cold));
}
if (values.out !== undefined) {
  const pods = relayProxies * 3;
  const scaled: Scaled = { origin: origin(), relayProxies, pods, phases: phases.map(scaledPhase) };
  writeFileSync(values.out, `${JSON.stringify(scaled, undefined, 2)}\n`);
}
if (values.floor === true) {
  progress('the same writes without an operator');
  const seconds = await measureFloor(recording, relayProxies);
  const whole = cold?.seconds ?? Number.NaN;
  console.log(
    `\nThe same writes by a plain client, without an operator: ${seconds.toFixed(1)} s, which is ${((100 * seconds) / whole).toFixed(0)} % of the cold start.`,
  );
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`${name} must be a whole number from 1, not ${text}`);
  return value;
}
