import { dirname } from 'node:path';
import { buildProducts } from '../images/products.ts';
import { ensureBinaries } from './binaries.ts';
import type { Cluster } from './cluster.ts';
import { cluster } from './select.ts';

const commands: Readonly<Record<string, (cluster: Cluster) => Promise<string>>> = {
  async up(target) {
    await target.up();
    return target.kubeconfig;
  },
  async down(target) {
    await target.down();
    return 'the cluster is gone';
  },
  status: async (target) => (await target.status()).join('\n'),
  async 'load-images'(target) {
    const loaded = await target.loadImages(await buildProducts());
    return loaded.length === 0 ? 'all images are there already' : loaded.join('\n');
  },
  async env(target) {
    const programs = [(await target.kubectl()).program, (await ensureBinaries(['helm'])).get('helm')!];
    const path = [...new Set(programs.map((program) => dirname(program)))].join(':');
    return `export KUBECONFIG='${target.kubeconfig}'\nexport PATH='${path}':"$PATH"`;
  },
};

/** `node e2e/cluster/main.ts COMMAND`: progress goes to standard error, the result to standard output. */
const name = process.argv[2] ?? '';
const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
if (command === undefined) {
  const unknown = name === '' ? '' : ` (unknown command "${name}")`;
  console.error(`usage: node e2e/cluster/main.ts ${Object.keys(commands).join('|')}${unknown}`);
  process.exitCode = 2;
} else {
  try {
    console.log(await command(await cluster()));
  } catch (error) {
    console.error(`cluster: ${(error as Error).message}`);
    process.exitCode = 1;
  }
}
