import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ask } from '../../../src/testing/client.ts';
import { eventually } from '../../../src/testing/eventually.ts';
import { freePort } from '../../../src/testing/program.ts';
import { simpleFlag } from '../../../src/testing/relay.ts';
import { ownMs, processorTimes } from './machine.ts';

const MAIN = new URL('../../../src/main.ts', import.meta.url).pathname;

/** Credentials of one environment of a {@link Victim}. */
export interface Keys {
  readonly sdk: string;
  readonly mobile: string;
  readonly env: string;
}

/** The environment whose client-side ID the attacker holds. */
export const ATTACKED: Keys = {
  sdk: 'sdk-00000000-aaaa-4bbb-8ccc-0123456789ab',
  mobile: 'mob-00000000-aaaa-4bbb-8ccc-0123456789ab',
  env: '0123456789abcdef01234567',
};

/** Another tenant of the same relay, who must be served all the time. */
export const NEIGHBOUR: Keys = {
  sdk: 'sdk-11111111-aaaa-4bbb-8ccc-0123456789ab',
  mobile: 'mob-11111111-aaaa-4bbb-8ccc-0123456789ab',
  env: '1123456789abcdef01234567',
};

/** How a {@link Victim} is started. */
export interface VictimOptions {
  /** More variables of the relay. */
  readonly env?: Readonly<Record<string, string>>;
  /** Options of Node, as `--max-old-space-size=256`. */
  readonly nodeArgs?: readonly string[];
  /** Flags of the attacked environment by key. */
  readonly flags?: Readonly<Record<string, unknown>>;
  /** Variables of the default environments are left out: the test configures its own. */
  readonly bare?: boolean;
}

/** What was seen of a relay while it was attacked. */
export interface Observation<T> {
  /** What the attack returned. */
  readonly result: T;
  /** The longest time in ms that `/livez` took to answer, as far as the relay was the cause: see `machine.ts`. */
  readonly livezMs: number;
  /** The same on the clock. */
  readonly livezClockMs: number;
  /** The longest time in ms that the neighbour waited for its flags. */
  readonly neighbourMs: number;
  /** Requests of the neighbour that did not get 200. */
  readonly neighbourFailed: number;
  /** Resident memory in MiB: before, its peak since the process started, and after. */
  readonly memory: { readonly before: number; readonly peak: number; readonly after: number };
}

/** A relay in a process of its own, as it runs in a pod, that a test may mistreat. */
export class Victim implements AsyncDisposable {
  readonly port: number;
  readonly opsPort: number;
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #output: () => string;

  constructor(
    ports: { readonly port: number; readonly opsPort: number },
    child: ChildProcess,
    folder: string,
    output: () => string,
  ) {
    this.port = ports.port;
    this.opsPort = ports.opsPort;
    this.#child = child;
    this.#folder = folder;
    this.#output = output;
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** Everything that the relay wrote so far. */
  get log(): string {
    return this.#output();
  }

  /** A folder of the test's own, removed at the end; `flags.json` in it is the attacked environment's data file. */
  get folder(): string {
    return this.#folder;
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Waits until the process has ended. */
  async ended(): Promise<void> {
    if (this.running) await new Promise((resolve) => this.#child.once('close', resolve));
  }

  /** A figure of `/proc/PID/status` in MiB. */
  memory(field: 'VmRSS' | 'VmHWM' = 'VmRSS'): number {
    const found = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${this.pid}/status`, 'utf8'));
    return Math.round(Number(found?.[1]) / 1024);
  }

  /** The sum of a metric over those of its labels that match. */
  async metric(name: string, labels: Readonly<Record<string, string>> = {}): Promise<number> {
    const { text } = await ask(this.opsPort, '/metrics');
    let sum = 0;
    for (const line of text.split('\n')) {
      const found = /^([a-zA-Z0-9_:]+)(?:\{(.*)\})? (\S+)/.exec(line);
      if (found?.[1] !== name) continue;
      if (Object.entries(labels).every(([key, value]) => found[2]?.includes(`${key}="${value}"`))) {
        sum += Number(found[3]);
      }
    }
    return sum;
  }

  /**
   * Runs an attack while a probe asks `/livez` and the neighbour asks for its flags without pause; asserts that the process is alive
   * afterwards, that no answer of `/livez` took 1 s, and that the neighbour always got its flags.
   */
  async survives<T>(attack: () => Promise<T>): Promise<Observation<T>> {
    const before = this.memory();
    let over = false;
    let livezMs = 0;
    let livezClockMs = 0;
    let neighbourMs = 0;
    let neighbourFailed = 0;
    const path = `/sdk/evalx/${NEIGHBOUR.env}/contexts/${Buffer.from('{"kind":"user","key":"n"}').toString('base64url')}`;
    const probe = async (): Promise<void> => {
      while (!over && this.running) {
        let started = performance.now();
        const times = processorTimes(this.pid);
        const livez = await ask(this.opsPort, '/livez').catch(() => undefined);
        const took = livez?.status === 200 ? performance.now() - started : Number.POSITIVE_INFINITY;
        livezClockMs = Math.max(livezClockMs, took);
        livezMs = Math.max(livezMs, ownMs(took, times, processorTimes(this.pid)));
        started = performance.now();
        const flags = await ask(this.port, path).catch(() => undefined);
        neighbourMs = Math.max(neighbourMs, performance.now() - started);
        if (flags?.status !== 200) neighbourFailed += 1;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    };
    const probing = probe();
    let result: T;
    try {
      result = await attack();
    } finally {
      over = true;
      await probing;
    }
    assert.ok(this.running, `the relay is gone: ${this.log.slice(-2000)}`);
    const observation = {
      result,
      livezMs: Math.round(livezMs),
      livezClockMs: Math.round(livezClockMs),
      neighbourMs: Math.round(neighbourMs),
      neighbourFailed,
      memory: { before, peak: this.memory('VmHWM'), after: this.memory() },
    };
    console.log(`# ${JSON.stringify({ ...observation, result: undefined })}`);
    assert.ok(livezMs < 1000, `/livez took ${livezMs} ms`);
    assert.equal(neighbourFailed, 0, 'requests of the other tenant that failed');
    return observation;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.running) {
      const closed = new Promise((resolve) => this.#child.once('close', resolve));
      this.#child.kill('SIGKILL');
      await closed;
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Starts a relay with two environments from data files and waits until it is ready. */
export async function startVictim(options: VictimOptions = {}): Promise<Victim> {
  const folder = mkdtempSync(join(tmpdir(), 'flagrelay-hostile-'));
  const [port, opsPort] = [await freePort(), await freePort()];
  const flags = options.flags ?? { one: simpleFlag('one') };
  writeFileSync(join(folder, 'flags.json'), JSON.stringify({ flags, segments: {} }));
  writeFileSync(join(folder, 'neighbour.json'), JSON.stringify({ flags: { one: simpleFlag('one') }, segments: {} }));
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: folder,
    PORT: String(port),
    OPS_PORT: String(opsPort),
    LOG_FORMAT: 'json',
    ...(options.bare === true ? {} : variables('attacked', ATTACKED, join(folder, 'flags.json'))),
    ...(options.bare === true ? {} : variables('neighbour', NEIGHBOUR, join(folder, 'neighbour.json'))),
    ...options.env,
  };
  const child = spawn(process.execPath, [...(options.nodeArgs ?? []), MAIN, '--from-env'], { env });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-1_000_000);
    });
  }
  const victim = new Victim({ port, opsPort }, child, folder, () => output);
  try {
    await eventually(async () => {
      assert.ok(victim.running, output);
      assert.equal((await ask(opsPort, '/readyz')).status, 200);
    }, 30_000);
  } catch (error) {
    await victim[Symbol.asyncDispose]();
    throw error;
  }
  return victim;
}

function variables(name: string, keys: Keys, dataFile: string): Record<string, string> {
  return {
    [`LD_ENV_${name}`]: keys.sdk,
    [`LD_MOBILE_KEY_${name}`]: keys.mobile,
    [`LD_CLIENT_SIDE_ID_${name}`]: keys.env,
    [`LD_DATA_FILE_${name}`]: dataFile,
  };
}
