import { cpus, release, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { measureEnvironments } from './environments.ts';
import { measureEvaluation } from './evaluation.ts';
import { measureEvents } from './events.ts';
import { measureHttp } from './http.ts';
import { buildBundle, type Lab, openLab } from './lab.ts';
import { record, regressions } from './recorded.ts';
import { measureStart } from './start.ts';
import { measureStreams } from './streams.ts';
import { markdown, type Row } from './table.ts';
import { measureTls } from './tls.ts';
import { measureWorkers } from './workers.ts';

// `make bench`: the bundle next to a bare Node server in the same run, under ten minutes. `--short` takes about a minute and
// fails when a ratio fell to half of the recorded one; `--record` keeps the ratios of this run for that.

const { values } = parseArgs({ options: { short: { type: 'boolean' }, record: { type: 'boolean' } } });
const short = values.short === true;
const progress = (text: string) => process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${text}\n`);

/** What is measured, in the order of the table. */
function parts(lab: Lab): [string, () => Promise<Row[]>][] {
  const evaluation = (size: 'small' | 'medium' | 'large') => async () => [await measureEvaluation(size, lab.rounds)];
  const medium: [string, () => Promise<Row[]>][] = [
    ['evalx and polling, medium', () => measureHttp(lab, 'medium', true)],
    ['streams', () => measureStreams(lab)],
    ['evaluation, medium', evaluation('medium')],
  ];
  if (short) return [...medium, ['start', () => measureStart(lab, ['medium'])]];
  return [
    ['evalx, small', () => measureHttp(lab, 'small', false)],
    ...medium,
    ['evalx, large', () => measureHttp(lab, 'large', false)],
    ['evaluation, small', evaluation('small')],
    ['evaluation, large', evaluation('large')],
    ['start', () => measureStart(lab, ['small', 'medium', 'large'])],
    ['environments', () => measureEnvironments(lab)],
    ['events', () => measureEvents(lab)],
    ['TLS', () => measureTls(lab)],
    ['workers', () => measureWorkers(lab)],
  ];
}

progress('building the bundle');
buildBundle();
const lab = openLab(
  short ? { rounds: 3, measureMs: 500, streams: 500 } : { rounds: 3, measureMs: 1_500, streams: 2_000 },
);
const rows: Row[] = [];
try {
  for (const [name, measure] of parts(lab)) {
    progress(name);
    rows.push(...(await measure()));
  }
} finally {
  lab.close();
}
const [cpu] = cpus();
const where = lab.core === undefined ? 'not pinned' : 'server on core 0, load on core 1';
console.log(`${new Date().toISOString().slice(0, 16)}Z, Node ${process.version}, ${cpus().length} x ${cpu?.model}, \
${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}; ${where}; ${lab.streams} streams; minimum / median / maximum of \
${lab.rounds} rounds.\n`);
console.log(markdown(rows));
if (values.record === true) record(rows);
const fell = short ? regressions(rows) : [];
for (const line of fell) console.error(`fell to half: ${line}`);
process.exitCode = fell.length > 0 ? 1 : 0;
