import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { get } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { benchData } from '../bench/dataset.ts';
import { startUpstream } from '../bench/upstream.ts';

const DEADLINE_MS = 30_000;
/** `--eval` leaves no place for the script's path in the arguments. */
const WRITE_AT_EXIT = `
  const { mkdirSync, writeFileSync } = require('node:fs');
  const { dirname } = require('node:path');
  const { cacheFile, script } = require(process.argv[1]);
  process.on('exit', () => {
    mkdirSync(dirname(cacheFile), { recursive: true });
    writeFileSync(cacheFile, script.createCachedData());
  });
`;
const CLIENT_SIDE_ID = 'local';
const PATH = `/sdk/evalx/${CLIENT_SIDE_ID}/contexts/eyJraW5kIjoidXNlciIsImtleSI6ImEifQ`;

/**
 * Runs a bundle as it usually runs, and lets it end: what V8 has compiled by then goes into the bundle's `cache` folder. Made for the Node
 * that runs this, on this kind of processor; any other ignores it.
 * @throws {Error} when the bundle does not start or does not end well
 */
export async function fillCompileCache(outdir: string): Promise<void> {
  const upstream = await startUpstream(benchData('small'));
  try {
    await run(join(outdir, 'main.js'), await freePort(), upstream.uri);
  } finally {
    await upstream.close();
  }
}

async function run(main: string, port: number, upstream: string): Promise<void> {
  const child = spawn(process.execPath, ['--eval', WRITE_AT_EXIT, main, '--from-env'], {
    env: {
      PORT: String(port),
      LOG_LEVEL: 'error',
      STREAM_URI: upstream,
      BASE_URI: upstream,
      CLIENT_SIDE_BASE_URI: upstream,
      LD_ENV_local: 'sdk-local',
      LD_CLIENT_SIDE_ID_local: CLIENT_SIDE_ID,
    },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const exited = once(child, 'exit') as Promise<[number | null]>;
  try {
    await untilAnswered(port, Date.now() + DEADLINE_MS, () => child.exitCode === null);
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), DEADLINE_MS);
    const [code] = await exited;
    clearTimeout(timer);
    if (code !== 0) throw new Error(`the bundle ended with exit code ${code} while its compile cache was made`);
  } finally {
    child.kill('SIGKILL');
  }
}

async function untilAnswered(port: number, deadline: number, alive: () => boolean): Promise<void> {
  while (!(await answers(port))) {
    if (!alive()) throw new Error('the bundle ended before it answered');
    if (Date.now() > deadline) throw new Error(`the bundle did not answer ${PATH} in ${DEADLINE_MS} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get({ host: '127.0.0.1', port, path: PATH, agent: false, timeout: 2_000 }, (response) => {
      response.resume();
      response.on('close', () => resolve(response.statusCode === 200));
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(false));
  });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}
