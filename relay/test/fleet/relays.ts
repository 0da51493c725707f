import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { ask } from '../../src/testing/client.ts';
import { eventually } from '../../src/testing/eventually.ts';
import { freePort } from '../../src/testing/program.ts';
import { KEYS } from '../../src/testing/relay.ts';

const MAIN = new URL('../../src/main.ts', import.meta.url).pathname;
const START_MS = 60_000;

/** A relay process that can be ended and started again on its port. */
export interface RelayProcess extends AsyncDisposable {
  readonly port: number;
  /** Resolves when it serves. */
  start(): Promise<void>;
  /** Resolves when it has ended. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

/** Which program runs: this relay, or a reference relay whose path is given. */
export type Program = 'ours' | { readonly path: string };

/** Makes a {@link RelayProcess}; both kinds take the same variables. */
export async function relayProcess(program: Program, env: Readonly<Record<string, string>>): Promise<RelayProcess> {
  const port = await freePort();
  const [command, args] =
    program === 'ours' ? [process.execPath, [MAIN, '--from-env']] : [program.path, ['--from-env']];
  let child: ChildProcess | undefined;
  const end = async (signal: 'SIGTERM' | 'SIGKILL'): Promise<void> => {
    const ending = child;
    child = undefined;
    if (ending === undefined || ending.exitCode !== null) return;
    const ended = once(ending, 'exit');
    ending.kill(signal);
    await ended;
  };
  return {
    port,
    async start() {
      child = spawn(command, args, {
        env: { PATH: process.env.PATH ?? '', ...env, PORT: String(port) },
        stdio: 'ignore',
      });
      await once(child, 'spawn');
      await eventually(async () => {
        const { status } = await ask(port, '/sdk/flags', { headers: { Authorization: KEYS.sdk } });
        assert.equal(status, 200);
      }, START_MS);
    },
    end,
    [Symbol.asyncDispose]: () => end('SIGKILL'),
  };
}
