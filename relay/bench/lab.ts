import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ServerProcess, startServer } from './process.ts';

/** Where measurements run: cores, a folder for files, and how long each may take. */
export interface Lab {
  /** Cores of the servers, as taskset takes them; undefined where processes cannot be held to any. */
  readonly cores: string | undefined;
  /**
   * The Node that servers run on, a copy of this one: pages of a program that other processes run as well would count for less in the memory
   * of a server.
   */
  readonly node: string;
  readonly rounds: number;
  /** Length of one HTTP measurement in ms. */
  readonly measureMs: number;
  readonly streams: number;
  /** Servers speak TLS with this certificate. */
  readonly tls?: { readonly certFile: string; readonly keyFile: string };
  /** Writes a file that servers read; returns its path. */
  file(name: string, content: string | Buffer): string;
  close(): void;
}

const HERE = import.meta.dirname;
/** The bundle that is measured, and how the image of the relay starts it. */
const BUNDLE = ['--max-semi-space-size=8', join(HERE, '..', 'dist', 'main.js')];

/** Makes a lab, and holds this process and the load it starts to the second core. */
export function openLab(options: Pick<Lab, 'rounds' | 'measureMs' | 'streams'>): Lab {
  const pinned = availableParallelism() > 1 && spawnSync('taskset', ['-acp', '1', String(process.pid)]).status === 0;
  const folder = mkdtempSync(join(tmpdir(), 'flagrelay-bench-'));
  const node = join(folder, 'node');
  copyFileSync(process.execPath, node);
  return {
    ...options,
    node,
    cores: pinned ? '0' : undefined,
    file(name, content) {
      const path = join(folder, name);
      writeFileSync(path, content);
      return path;
    },
    close: () => rmSync(folder, { recursive: true }),
  };
}

/** The same lab with servers that may use every core; unless told so, they are held to that of this process. */
export function onAllCores(lab: Lab): Lab {
  return { ...lab, cores: lab.cores === undefined ? undefined : `0-${cpus().length - 1}` };
}

/** Builds the bundle that is measured. */
export function buildBundle(): void {
  const built = spawnSync(process.execPath, [join(HERE, '..', 'build.ts')], { stdio: ['ignore', 'ignore', 'inherit'] });
  if (built.status !== 0) throw new Error('the bundle could not be built');
}

/** Path of evalx for environment `index` of {@link startRelay} and a context's JSON text. */
export function evalxPath(context: string, index = 0): string {
  return evalxPathOf(Buffer.from(context).toString('base64url'), index);
}

/** The same with a context that is base64url already. */
export function evalxPathOf(base64url: string, index = 0): string {
  return `/sdk/evalx/${envId(index)}/contexts/${base64url}`;
}

/** SDK key of environment `index` of {@link startRelay}. */
export function sdkKey(index = 0): string {
  return `sdk-bench-${index}`;
}

/** Client-side ID of environment `index` of {@link startRelay}. */
export function envId(index: number): string {
  return `bench${index}`;
}

/** Starts the bundle on the upstream; ready when its last environment is. */
export async function startRelay(
  lab: Lab,
  upstream: string,
  settings: {
    readonly environments?: number;
    /** False: they come from elsewhere, with the client-side IDs that they would have. */
    readonly configured?: boolean;
    readonly env?: Readonly<Record<string, string>>;
    /** Options of Node beside those of the image. */
    readonly nodeArgs?: readonly string[];
  } = {},
): Promise<ServerProcess> {
  const port = await freePort();
  const env: Record<string, string> = {
    PORT: String(port),
    STREAM_URI: upstream,
    BASE_URI: upstream,
    CLIENT_SIDE_BASE_URI: upstream,
    EVENTS_HOST: upstream,
    LOG_LEVEL: 'error',
    ...(lab.tls && { TLS_ENABLED: 'true', TLS_CERT: lab.tls.certFile, TLS_KEY: lab.tls.keyFile }),
    ...settings.env,
  };
  const count = settings.environments ?? 1;
  for (let index = 0; index < (settings.configured === false ? 0 : count); index++) {
    env[`LD_ENV_e${index}`] = sdkKey(index);
    env[`LD_CLIENT_SIDE_ID_e${index}`] = envId(index);
  }
  const server = await startServer({
    argv: [lab.node, ...(settings.nodeArgs ?? []), ...BUNDLE, '--from-env'],
    env,
    port,
    readyPath: evalxPath('{"kind":"user","key":"ready"}', count - 1),
    tls: lab.tls !== undefined,
    ...(lab.cores === undefined ? {} : { cores: lab.cores }),
  });
  return server;
}

/** Starts one of the baselines in this folder; it gets its port and `args`, and the files of the certificate in variables. */
export async function startBare(lab: Lab, script: string, args: readonly string[]): Promise<ServerProcess> {
  const port = await freePort();
  return startServer({
    argv: [lab.node, join(HERE, script), String(port), ...args],
    ...(lab.tls && { env: { TLS_CERT: lab.tls.certFile, TLS_KEY: lab.tls.keyFile } }),
    port,
    readyPath: '/',
    tls: lab.tls !== undefined,
    ...(lab.cores === undefined ? {} : { cores: lab.cores }),
  });
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}

/** Lets memory settle. */
export function settle(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
