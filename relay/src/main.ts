#!/usr/bin/env node
import { enableCompileCache } from 'node:module';

// Entry of the relay run from source. Most of its start is spent on taking types out and compiling; Node keeps the results in its
// cache in the temporary folder.
enableCompileCache();
await import('./cli/start.ts');
