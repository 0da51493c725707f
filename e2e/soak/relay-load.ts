import { join } from 'node:path';
import { benchData } from '@flagrelay/relay/bench/dataset';
import { evalxPath, freePort } from '@flagrelay/relay/bench/lab';
import { type ServerProcess, startServer } from '@flagrelay/relay/bench/process';
import { streamClients } from '@flagrelay/relay/bench/stream-clients';
import { startUpstream } from '@flagrelay/relay/bench/upstream';
import { repositoryRoot } from '../machine/paths.ts';
import { run } from '../machine/run.ts';

/** A relay with SDKs that come and go while flags change. */
export interface RelayLoad {
  readonly server: ServerProcess;
  /** Opens the streams, changes a flag three times, waits until every stream has each change, and cuts them. */
  cycle(): Promise<void>;
  stop(): Promise<void>;
}

const STREAMS = 30;
const KEY = 'sdk-soak';
const ENVIRONMENT_ID = 'soak';

/** Bundles and starts a relay on an upstream of its own. Its owner stops it. */
export async function startRelayLoad(): Promise<RelayLoad> {
  await run(process.execPath, ['build.ts'], { cwd: join(repositoryRoot, 'relay'), timeoutMs: 120_000 });
  const upstream = await startUpstream(benchData('medium'));
  const port = await freePort();
  const server = await startServer({
    argv: [process.execPath, join(repositoryRoot, 'relay', 'dist', 'main.js'), '--from-env'],
    env: {
      PORT: String(port),
      STREAM_URI: upstream.uri,
      BASE_URI: upstream.uri,
      CLIENT_SIDE_BASE_URI: upstream.uri,
      EVENTS_HOST: upstream.uri,
      LOG_LEVEL: 'error',
      LD_ENV_soak: KEY,
      LD_CLIENT_SIDE_ID_soak: ENVIRONMENT_ID,
    },
    port,
    readyPath: evalxPath('{"kind":"user","key":"ready"}').replace('/bench0/', `/${ENVIRONMENT_ID}/`),
  }).catch(async (error: unknown) => {
    await upstream.close();
    throw error;
  });
  return {
    server,
    async cycle() {
      const clients = streamClients(port, STREAMS, `GET /all HTTP/1.1\r\nHost: soak\r\nAuthorization: ${KEY}`);
      try {
        await clients.open();
        for (let change = 0; change < 3; change += 1) await clients.deliver(1, () => upstream.patch(1));
      } finally {
        clients.cut();
      }
    },
    async stop() {
      await server.stop();
      await upstream.close();
    },
  };
}
