import { runMigrate } from './run.ts';

const io = {
  env: process.env,
  stdout: (text: string) => void process.stdout.write(text),
  stderr: (text: string) => void process.stderr.write(text),
};
// No `await` outside of a function: the bundle is not an ES module.
void runMigrate(process.argv.slice(3), io).then((code) => {
  process.exitCode = code;
});
