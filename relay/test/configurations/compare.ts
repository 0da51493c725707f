import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { configurationOf } from './generate.ts';
import { letterOf, RECORD } from './record.ts';
import { type Judge, ours, program } from './verdict.ts';

const USAGE = `Asks two relays whether they start with generated configurations, and prints where they differ.

  node relay/test/configurations/compare.ts --with PROGRAM [--and PROGRAM] [--from SEED] [--count N]
  node relay/test/configurations/compare.ts --with LD_RELAY --count N --record

  --with PROGRAM  an ld-relay, or a relay with its command line and log
  --and PROGRAM   the other one; without it this checkout's, in this process
  --record        writes what PROGRAM says into ld-relay-8.10.txt, which the test goes by
`;

/** How many are asked at a time. */
const AT_A_TIME = 3;

const { values } = parseArgs({
  options: {
    with: { type: 'string' },
    and: { type: 'string' },
    from: { type: 'string', default: '0' },
    count: { type: 'string', default: '1000' },
    record: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const first = values.with;
if (first === undefined || values.help) {
  process.stdout.write(USAGE);
  process.exit(values.help ? 0 : 2);
}
const [from, count] = [Number(values.from), Number(values.count)];
const judges: readonly [Judge, Judge] = [program(first), values.and === undefined ? ours() : program(values.and)];
const letters: string[] = Array.from({ length: count }, () => '?');
let [asked, differ] = [0, 0];

async function askOn(): Promise<void> {
  while (asked < count) {
    const at = asked;
    asked += 1;
    const configuration = configurationOf(from + at);
    const [one, other] = await Promise.all(judges.map((judge) => judge.verdict(configuration)));
    letters[at] = letterOf(one!);
    if (values.record || one!.accepted === other!.accepted) continue;
    differ += 1;
    process.stdout.write(`${JSON.stringify({ seed: from + at, configuration, verdicts: [one, other] })}\n`);
  }
}

await Promise.all(Array.from({ length: AT_A_TIME }, askOn));
for (const judge of judges) judge.close();
if (values.record)
  writeFileSync(
    RECORD,
    `${letters
      .join('')
      .match(/.{1,100}/g)
      ?.join('\n')}\n`,
  );
process.stdout.write(
  `${count} configurations, ${letters.filter((letter) => letter === 'a').length} accepted by the first, ${differ} verdicts differ\n`,
);
