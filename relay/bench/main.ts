import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { buildBundle, type Lab, openLab } from './lab.ts';
import { commitAt, originFromNow } from './origin.ts';
import { FULL, SHORT } from './parts.ts';
import { profileEvalx } from './profile.ts';
import { rowsTable } from './report/bench-section.ts';
import { type CompareOutput, comparisonsOf, merged } from './report/compared.ts';
import { profileSection } from './report/detail-sections.ts';
import { keep, readResults, render } from './report/files.ts';
import { BENCH_GOALS } from './report/goals.ts';
import { type Recorded, rounded } from './report/recorded.ts';
import { type Check, checkReport, checkTwice } from './report/regressions.ts';
import type { Row } from './table.ts';

// `make bench`: the bundle next to a bare Node server in the same run.
//   --record        keeps it in recorded.json and renders RESULTS.md
//   --only NAME     measures only the parts whose names begin so, and keeps nothing
//   --short         what CI runs, about a minute: fails when a ratio fell to half of the recorded one
//   --compare FILE  takes over what `relaybench compare -out FILE` measured beside ld-relay
//   --render        makes RESULTS.md again from what is kept

const { values } = parseArgs({
  options: {
    record: { type: 'boolean' },
    only: { type: 'string' },
    short: { type: 'boolean' },
    compare: { type: 'string', multiple: true },
    render: { type: 'boolean' },
  },
});
const progress = (text: string) => process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${text}\n`);

if (values.compare !== undefined) values.compare.forEach(compare);
else if (values.render === true) render();
else if (values.short === true) await short();
else await full();

function compare(file: string): void {
  const output = JSON.parse(readFileSync(file, 'utf8')) as CompareOutput;
  keep({ compared: merged(readResults().compared, comparisonsOf(output, commitAt(output.finished))) });
}

async function full(): Promise<void> {
  const parts = FULL.filter(({ name }) => name.startsWith(values.only ?? ''));
  if (parts.length === 0)
    throw new Error(`--only: no part begins with ${values.only}; ${FULL.map((p) => p.name).join(', ')}`);
  if (values.only !== undefined && values.record === true)
    throw new Error('--only keeps nothing: it goes without --record');
  const origin = originFromNow();
  const rows: Row[] = [];
  const seconds: Record<string, number> = {};
  const timed = async <T>(name: string, work: () => T | Promise<T>): Promise<T> => {
    progress(name);
    const started = performance.now();
    const result = await work();
    seconds[name] = Math.round((performance.now() - started) / 100) / 10;
    return result;
  };
  await timed('bundle', buildBundle);
  const lab = openLab({ rounds: 3, measureMs: 750, streams: 2_000 });
  try {
    for (const { name, measure } of parts) rows.push(...(await timed(name, () => measure(lab))));
    console.log(rowsTable(rows, BENCH_GOALS));
    if (values.only === undefined) {
      const profile = await timed('profile', () => profileEvalx(lab));
      console.log(`\n${profileSection(profile)}`);
      const { rounds, streams } = lab;
      const pinned = lab.cores !== undefined;
      const recorded: Recorded = {
        origin: origin(),
        command: 'make bench RECORD=1',
        ...{ pinned, rounds, streams, seconds, rows, profile },
      };
      if (values.record === true) keep({ recorded: rounded(recorded) });
    }
  } finally {
    lab.close();
  }
  progress(
    `seconds: ${Object.entries(seconds)
      .map(([name, taken]) => `${name} ${taken}`)
      .join(', ')}`,
  );
}

/** Ends with a line that CI adds up; the bench that ran is a check itself. */
async function short(): Promise<void> {
  buildBundle();
  // As many streams as are recorded: what one takes depends on their number.
  const lab = openLab({ rounds: 3, measureMs: 350, streams: 2_000 });
  let checks: Check[];
  try {
    checks = await shortChecks(lab);
  } finally {
    lab.close();
  }
  const { text, failed } = checkReport(checks, 1);
  console.log(text);
  process.exitCode = failed > 0 ? 1 : 0;
}

async function shortChecks(lab: Lab): Promise<Check[]> {
  const recorded = readResults().recorded?.rows ?? [];
  const checks: Check[] = [];
  for (const { name, measure } of SHORT) {
    const found = await checkTwice(() => {
      progress(name);
      return measure(lab);
    }, recorded);
    checks.push(...found);
  }
  if (lab.cores !== undefined) return checks;
  const text = 'servers and load cannot be held to cores here';
  return checks.map(({ name }) => ({ name, outcome: 'not compared', text }));
}
