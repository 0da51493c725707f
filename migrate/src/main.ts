import { fstatSync } from 'node:fs';
import { runMigrate } from './run.ts';

/** A pipe, or the socket that it is where Node starts a program. Where there is no output nobody reads it. */
function isPiped(): boolean {
  try {
    const output = fstatSync(1);
    return output.isFIFO() || output.isSocket();
  } catch {
    return false;
  }
}

const io = {
  isPiped: isPiped(),
  env: process.env,
  stdout: (text: string) => void process.stdout.write(text),
  stderr: (text: string) => void process.stderr.write(text),
};
// No `await` outside of a function: the bundle is not an ES module.
void runMigrate(process.argv.slice(3), io).then((code) => {
  process.exitCode = code;
});
