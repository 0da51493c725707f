import { runMigrate } from './run.ts';

process.exitCode = await runMigrate(process.argv.slice(3), {
  env: process.env,
  stdout: (text) => void process.stdout.write(text),
  stderr: (text) => void process.stderr.write(text),
});
