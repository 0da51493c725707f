#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import { isWorker } from './workers/role.ts';

// Run from source, most of the start is spent on taking types out and compiling; Node keeps the results in its cache in the
// temporary folder. The bundle has named a folder of its own before (`bundle.ts`), and that stays.
enableCompileCache();
if (isWorker()) (await import('./workers/worker.ts')).runWorker();
// Apart from the relay, which is not to be loaded with what it does not need.
else if (process.argv[2] === 'migrate') await import('./migrate/main.ts');
else await import('./program.ts');
