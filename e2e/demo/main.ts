import { cluster } from '../cluster/select.ts';
import { narrate } from './narrate.ts';
import { runDemo } from './run.ts';

/** `node e2e/demo/main.ts up|down`: shows the main job on a cluster; takes it away. */
const command = process.argv[2];
if (command === 'up') {
  const target = await cluster();
  await target.up();
  narrate(await runDemo(target));
} else if (command === 'down') {
  await (await cluster()).down();
} else {
  console.error(
    `usage: node e2e/demo/main.ts up|down${command === undefined ? '' : ` (unknown command "${command}")`}`,
  );
  process.exitCode = 2;
}
