import { parseArgs } from 'node:util';
import type { Behind } from './support/attacks.ts';
import { attack, type Session } from './support/session.ts';

// `node relay/test/hostile/main.ts --minutes 60 --seed N`: attacks a relay for so long, a third of the time each with data of an upstream, in a Redis, and of an archive, with sizes beyond its
// limits. Prints each minute how it does, and at the end what went wrong with the seeds that make it again: `--seed THAT --minutes 1`.

const BEHIND: readonly Behind[] = ['upstream', 'redis', 'archive'];

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '60' }, seed: { type: 'string' } },
});
const minutes = Number(values.minutes);
const seed = Number(values.seed ?? Date.now() % 2 ** 31);
if (!(minutes > 0) || !Number.isSafeInteger(seed)) {
  console.error('--minutes must be a number above 0, --seed a whole number');
  process.exit(2);
}

function line({ rounds, livezMs, neighbourMs, peak, failures }: Session): string {
  return `${rounds} rounds, longest /livez ${livezMs} ms, longest wait of the neighbour ${neighbourMs} ms, peak memory ${peak} MiB, ${failures.length} failures`;
}

console.log(`hostile: seed ${seed}, ${minutes} minutes`);
let failed = 0;
for (const behind of BEHIND) {
  let said = performance.now();
  const session = await attack({
    seed,
    ms: (minutes / BEHIND.length) * 60_000,
    reach: 'beyond',
    behind,
    report(state) {
      if (performance.now() - said < 60_000) return;
      said = performance.now();
      console.log(line(state));
    },
  });
  console.log(`${behind}: ${line(session)}`);
  for (const failure of session.failures) {
    console.log(`seed ${failure.seed} (${failure.attacks.join(', ')}): ${failure.error}`);
  }
  failed += session.failures.length;
}
process.exitCode = failed === 0 ? 0 : 1;
