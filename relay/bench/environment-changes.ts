import { once } from 'node:events';
import { renameSync } from 'node:fs';
import { type ClientRequest, createServer, get, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseDataSet } from '../src/dialects/launchdarkly/model/parse.ts';
import { packArchive } from '../src/dialects/launchdarkly/sources/archive/write.ts';
import { environmentRep } from '../src/dialects/launchdarkly/sources/environment-rep.ts';
import { type BenchData, benchData } from './dataset.ts';
import { envId, type Lab, sdkKey, settle, startRelay } from './lab.ts';
import { cpuOf, type ServerProcess } from './process.ts';
import type { Row } from './table.ts';
import { putText } from './upstream.ts';

/** With so many environments, the fewest first: they are what the others are compared with. */
const ENVIRONMENTS = [10, 100, 1_000] as const;
/** So many patches are one measurement, so far apart in ms that each is read by itself. */
const PATCHES = 50;
const APART_MS = 2;
/** Reloads of one measurement: one takes the relay about as long as the whole archive takes to be read. */
const RELOADS = 3;
/** The relay takes a change up in this time, in ms. */
const DONE_MS = 120_000;

/**
 * CPU of one change among 10, 100 and 1,000 environments of `small`: AutoConfig says that one has another mobile key, or an archive
 * comes in which one has.
 */
export async function measureEnvironmentChanges(lab: Lab): Promise<Row[]> {
  const data = benchData('small');
  return [
    ...(await rowsOf(lab, 'AutoConfig patch', 'µs', (environments) => patchCpu(lab, data, environments))),
    ...(await rowsOf(lab, 'archive reload', 'ms', (environments) => reloadCpu(lab, data, environments))),
  ];
}

async function rowsOf(
  lab: Lab,
  name: string,
  unit: string,
  measure: (environments: number) => Promise<number>,
): Promise<Row[]> {
  const figures = new Map<number, number[]>(ENVIRONMENTS.map((environments) => [environments, []]));
  for (let round = 0; round < lab.rounds; round++) {
    for (const [environments, rounds] of figures) rounds.push(await measure(environments));
  }
  const [fewest] = ENVIRONMENTS;
  return [...figures].map(([environments, relay]) => ({
    name: `${name}, ${environments} environments`,
    unit,
    better: 'lower',
    measures: 'cpu',
    relay,
    baseline: environments === fewest ? [] : (figures.get(fewest) ?? []),
    against: `${fewest} environments`,
  }));
}

/** µs of CPU that one patch takes. */
async function patchCpu(lab: Lab, data: BenchData, environments: number): Promise<number> {
  const upstream = await startAutoConfig(data, environments);
  try {
    // A thousand of them at once take a while on a busy machine.
    const env = { AUTO_CONFIG_KEY: 'rel-bench', INIT_TIMEOUT: '2m' };
    const relay = await startRelay(lab, upstream.uri, { environments, configured: false, env });
    try {
      // Those that came last have their data, too.
      await settle(1_000);
      const { ended } = await watchKey(relay, mobileKey(0, 1));
      const before = cpuOf(relay.pid);
      for (let patch = 1; patch <= PATCHES; patch++) {
        // All but the watched one, and that one at last.
        upstream.patch(patch === PATCHES ? 0 : 1 + (patch % (environments - 1)), 1 + patch);
        await settle(APART_MS);
      }
      await ended;
      return (cpuOf(relay.pid) - before) / PATCHES;
    } finally {
      await relay.stop();
    }
  } finally {
    await upstream.close();
  }
}

/** ms of CPU from an archive that is put in place to the change that it brings. */
async function reloadCpu(lab: Lab, data: BenchData, environments: number): Promise<number> {
  const { flags, segments } = data;
  const items = parseDataSet(JSON.stringify({ flags, segments }));
  const archive = (version: number): Promise<Buffer> =>
    packArchive(
      Array.from({ length: environments }, (_, index) => ({
        rep: environmentRep.parse(describe(index, index === 0 ? version : 1)),
        data: items,
      })),
    );
  const path = lab.file('environments.tar.gz', await archive(1));
  const env = { FILE_DATA_SOURCE: path, FILE_DATA_SOURCE_MONITORING_INTERVAL: '100ms' };
  const relay = await startRelay(lab, 'http://127.0.0.1:9', { environments, configured: false, env });
  try {
    await settle(1_000);
    let sum = 0;
    for (let version = 1; version <= RELOADS; version++) {
      const next = lab.file('next.tar.gz', await archive(version + 1));
      const { ended } = await watchKey(relay, mobileKey(0, version));
      const before = cpuOf(relay.pid);
      renameSync(next, path);
      await ended;
      sum += cpuOf(relay.pid) - before;
    }
    return sum / RELOADS / 1_000;
  } finally {
    await relay.stop();
  }
}

function mobileKey(index: number, version: number): string {
  return `mob-bench-${index}-${version}`;
}

/** An environment as AutoConfig and archives describe it; each version has a mobile key of its own. */
function describe(index: number, version: number): object {
  return {
    envID: envId(index),
    envKey: `key${index}`,
    envName: `Environment ${index}`,
    mobKey: mobileKey(index, version),
    projKey: 'bench',
    projName: 'Bench',
    sdkKey: { value: sdkKey(index) },
    version,
  };
}

/** Opens a stream with a mobile key; `ended` resolves when the relay ends the stream, as the key is not good any more. */
async function watchKey(relay: ServerProcess, key: string): Promise<{ readonly ended: Promise<void> }> {
  const headers = { authorization: key };
  const request: ClientRequest = get({ port: relay.port, host: '127.0.0.1', path: '/mping', headers, agent: false });
  const signal = AbortSignal.timeout(DONE_MS);
  const [response] = (await once(request, 'response', { signal })) as [IncomingMessage];
  if (response.statusCode !== 200) throw new Error(`/mping answers ${response.statusCode}`);
  response.resume();
  const ended = Promise.withResolvers<void>();
  response.on('close', () => ended.resolve());
  signal.addEventListener('abort', () => ended.reject(new Error(`no change after ${DONE_MS} ms`)));
  return { ended: ended.promise };
}

interface AutoConfigUpstream {
  readonly uri: string;
  patch(index: number, version: number): void;
  close(): Promise<void>;
}

/** LaunchDarkly for a relay with an AutoConfig key: the list, and one data set for every SDK key. */
async function startAutoConfig(data: BenchData, environments: number): Promise<AutoConfigUpstream> {
  const put = Buffer.from(putText(data));
  const list = Object.fromEntries(
    Array.from({ length: environments }, (_, index) => [envId(index), describe(index, 1)]),
  );
  const streams = new Set<ServerResponse>();
  const server = createServer((request, response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    if (request.url?.startsWith('/relay_auto_config') === true) {
      response.write(eventText('put', { path: '/', data: { environments: list } }));
      streams.add(response);
      response.on('close', () => streams.delete(response));
    } else {
      response.write(put);
    }
  });
  // All environments connect at once.
  server.listen({ port: 0, host: '127.0.0.1', backlog: environments });
  await once(server, 'listening');
  return {
    uri: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    patch(index, version) {
      const text = eventText('patch', { path: `/environments/${envId(index)}`, data: describe(index, version) });
      for (const stream of streams) stream.write(text);
    },
    async close() {
      server.close();
      server.closeAllConnections();
      if (server.listening) await once(server, 'close');
    },
  };
}

function eventText(event: string, data: object): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
