import { renameSync, writeFileSync } from 'node:fs';
import { ask } from '../../../src/testing/client.ts';
import { eventually } from '../../../src/testing/eventually.ts';
import type { TestRedis } from '../../../src/testing/redis.ts';
import { simpleFlag } from '../../../src/testing/relay.ts';
import type { Upstream } from '../../../src/testing/upstream.ts';
import type { Random } from '../../fuzz/random.ts';
import { goodArchive, hostileArchive } from './archives.ts';
import { RawConnection } from './raw.ts';
import {
  type Delivery,
  delivery,
  encoded,
  hostileContext,
  hostileEvents,
  hostileFlag,
  hostileFrame,
  type Reach,
} from './shapes.ts';
import { ATTACKED, type Victim } from './victim.ts';

/** What an attack may touch. */
export interface Scene {
  readonly victim: Victim;
  /** Serves {@link STREAMED} to the victim. */
  readonly upstream: Upstream;
  /** Where the victim keeps its data, if anywhere. */
  readonly redis: TestRedis | undefined;
  /** The archive that the victim serves, where its data do not come from elsewhere. */
  readonly archive: string | undefined;
  readonly reach: Reach;
}

/** One way to mistreat a relay. The same random numbers make the same attack. */
export interface Attack {
  readonly name: string;
  /** Makes everything that takes time, so that the attack itself is nothing but waiting: the probes run in the same process. */
  prepare(scene: Scene, random: Random): () => Promise<void>;
}

/** The SDK key of the environment whose upstream is hostile. */
export const STREAMED = 'sdk-22222222-aaaa-4bbb-8ccc-0123456789ab';

/** How long an answer may take, in ms: what is slow by itself is a matter of the probes. */
const ANSWER_MS = 30_000;

/** Writes a request and waits for the beginning of an answer or the end of the connection. */
async function send(port: number, { pieces, abandoned }: Delivery): Promise<void> {
  using connection = new RawConnection(port);
  for (const piece of pieces) await connection.write(piece);
  if (abandoned) return;
  await eventually(() => {
    if (connection.received === '' && !connection.closed)
      throw new Error('neither an answer nor an end of the connection');
  }, ANSWER_MS);
}

const CONTEXT_PATHS = [
  ['REPORT', `/sdk/evalx/${ATTACKED.env}/context`],
  ['REPORT', `/eval/${ATTACKED.env}`],
  ['POST', '/sdk/poll/eval'],
  ['POST', '/ofrep/v1/evaluate/flags'],
] as const;

function headOf(method: string, path: string): string {
  const key = path.startsWith('/ofrep') ? `Bearer ${ATTACKED.env}` : ATTACKED.env;
  return `${method} ${path} HTTP/1.1\r\nHost: relay\r\nAuthorization: ${key}\r\nContent-Type: application/json\r\nConnection: close\r\n`;
}

const contexts: Attack = {
  name: 'contexts in bodies',
  prepare({ victim, reach }, random) {
    const [method, path] = random.pick(CONTEXT_PATHS);
    const text = hostileContext(random, reach);
    const isOfrep = path.startsWith('/ofrep');
    const { body, headers } = encoded(
      random,
      isOfrep ? `{"context":${text.replace('"key"', '"targetingKey"')}}` : text,
    );
    const request = delivery(random, headOf(method, path) + headers, body);
    return () => send(victim.port, request);
  },
};

const paths: Attack = {
  name: 'contexts in paths',
  prepare({ victim, reach }, random) {
    const context = Buffer.from(hostileContext(random, reach)).toString('base64url');
    const head = headOf('GET', `/sdk/evalx/${ATTACKED.env}/contexts/${context}?withReasons=${random.chance(0.5)}`);
    const request = { pieces: [Buffer.from(`${head}\r\n`)], abandoned: random.chance(0.1) };
    return () => send(victim.port, request);
  },
};

const events: Attack = {
  name: 'batches of events',
  prepare({ victim, reach }, random) {
    const { body, headers } = encoded(random, hostileEvents(random, reach));
    const schema = random.pick(['1', '2', '3', '4', 'x']);
    const more = `X-LaunchDarkly-Event-Schema: ${schema}\r\nX-LaunchDarkly-Tags: t${random.below(50)}\r\n${headers}`;
    const request = delivery(random, headOf('POST', `/events/bulk/${ATTACKED.env}`) + more, body);
    return () => send(victim.port, request);
  },
};

const pipelines: Attack = {
  name: 'pipelines',
  prepare({ victim }, random) {
    const path = random.pick(['/status', `/ping/${ATTACKED.env}`, `/sdk/goals/${ATTACKED.env}`, '/nothing']);
    const request = `GET ${path} HTTP/1.1\r\nHost: relay\r\n\r\n`;
    const pieces = [Buffer.from(request.repeat(1 + random.below(200)))];
    return () => send(victim.port, { pieces, abandoned: false });
  },
};

const upstreams: Attack = {
  name: 'messages of upstream',
  prepare({ upstream }, random) {
    const version = 10 + random.below(1e6);
    const frames = Array.from({ length: 1 + random.below(5) }, () => hostileFrame(random, version));
    const drops = random.chance(0.3);
    return async () => {
      for (const frame of frames) upstream.raw(STREAMED, frame);
      if (drops) upstream.drop(STREAMED);
      // Whether it took them or began anew: it has to listen afterwards.
      await eventually(() => {
        if (upstream.connected(STREAMED) === 0) throw new Error('the relay does not come back to its upstream');
      }, ANSWER_MS);
      upstream.patchFlag(STREAMED, simpleFlag('after', version));
    };
  },
};

const redisValues: Attack = {
  name: 'values in Redis',
  prepare({ redis }, random) {
    const key = random.pick(['one', 'odd', '__proto__', '']);
    const junk = ['', '{', 'null', '1e400', '\0', '[]', '{"version":1e400}'];
    const value = random.pick([hostileFlag(random, random.below(1e6)), ...junk]);
    const inited = random.chance(0.1) ? random.pick(['', 'x', '0']) : undefined;
    return async () => {
      await redis?.client.hset('attacked:features', key, value);
      if (inited !== undefined) await redis?.client.set('attacked:$inited', inited);
    };
  },
};

/** What is heard of an archive is told by the version of a flag in a good one. */
let archives = 100;

const archiveFiles: Attack = {
  name: 'archives',
  prepare({ victim, archive = '' }, random) {
    const bytes = hostileArchive(random, 10 + random.below(1e6));
    const whole = random.chance(0.7);
    const put = (content: Buffer, atOnce: boolean): void => {
      // Two attacks at a time do not write to one file.
      const other = `${archive}.${++archives}`;
      writeFileSync(atOnce ? other : archive, content);
      if (atOnce) renameSync(other, archive);
    };
    return async () => {
      put(bytes, whole);
      // It is looked at before a good one comes, and that one is taken.
      const before = await victim.metric('process_cpu_seconds_total');
      await eventually(async () => {
        if ((await victim.metric('process_cpu_seconds_total')) - before < 0.05) throw new Error('not looked at yet');
      }, ANSWER_MS);
      put(goodArchive(++archives), true);
      await eventually(async () => {
        const { text } = await ask(victim.port, '/sdk/flags', { headers: { Authorization: ATTACKED.sdk } });
        if (!text.includes('"two"')) throw new Error('the good archive is not taken');
      }, ANSWER_MS);
    };
  },
};

const CLIENTS: readonly Attack[] = [contexts, paths, events, pipelines];

/** What a relay has its data from; a database is beside an upstream. */
export type Behind = 'upstream' | 'redis' | 'archive';

/** Every kind of attack on a relay that serves. */
export const ATTACKS: Readonly<Record<Behind, readonly Attack[]>> = {
  upstream: [...CLIENTS, upstreams],
  redis: [...CLIENTS, upstreams, redisValues],
  archive: [...CLIENTS, archiveFiles, archiveFiles],
};
