import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, readdirSync } from 'node:fs';
import { get } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';

/** User of the image; Node keeps a cache per user. */
const IMAGE_USER = 65532;
const DEADLINE_MS = 30_000;
const SAMPLE = join(import.meta.dirname, '..', 'samples', 'flags.yaml');
const PATHS = ['/status', '/sdk/evalx/local/contexts/eyJraW5kIjoidXNlciIsImtleSI6ImEifQ'];

/**
 * Runs a bundle once and lets it end: Node then writes what it compiled into the bundle's `cache` folder. Made for the Node
 * that runs this, on this kind of processor; any other ignores it.
 * @throws {Error} when the bundle does not start or does not end well
 */
export async function fillCompileCache(outdir: string): Promise<void> {
  const port = await freePort();
  const child = spawn(process.execPath, [join(outdir, 'main.js'), '--file', SAMPLE], {
    env: { PORT: String(port), LOG_LEVEL: 'error' },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const exited = once(child, 'exit') as Promise<[number | null]>;
  try {
    for (const path of PATHS) await untilAnswered(port, path, Date.now() + DEADLINE_MS, () => child.exitCode === null);
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), DEADLINE_MS);
    const [code] = await exited;
    clearTimeout(timer);
    if (code !== 0) throw new Error(`the bundle ended with exit code ${code} while its compile cache was made`);
  } finally {
    child.kill('SIGKILL');
  }
  shareWithImageUser(join(outdir, 'cache'));
}

function shareWithImageUser(cache: string): void {
  for (const name of existsSync(cache) ? readdirSync(cache) : []) {
    const forImage = name.replace(/-\d+$/, `-${IMAGE_USER}`);
    if (forImage !== name) cpSync(join(cache, name), join(cache, forImage), { recursive: true });
  }
}

async function untilAnswered(port: number, path: string, deadline: number, alive: () => boolean): Promise<void> {
  while (!(await answers(port, path))) {
    if (!alive()) throw new Error('the bundle ended before it answered');
    if (Date.now() > deadline) throw new Error(`the bundle did not answer ${path} in ${DEADLINE_MS} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function answers(port: number, path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get({ host: '127.0.0.1', port, path, agent: false, timeout: 2_000 }, (response) => {
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
