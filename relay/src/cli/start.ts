import { isWorker } from '../modes/workers/role.ts';

// What this process is to be. No `await` outside of a function here and in what is imported: the bundle is not an ES module.
if (isWorker()) void import('../modes/workers/worker.ts').then(({ runWorker }) => runWorker());
// Apart from the relay, which is not to be loaded with what it does not need.
else if (process.argv[2] === 'migrate') void import('@flagrelay/migrate/command');
else void import('./program.ts');
