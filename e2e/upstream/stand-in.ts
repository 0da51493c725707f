/**
 * What stands for LaunchDarkly in a scenario: the `/all` stream of one set of flags for every SDK key that it accepts. It runs in a
 * pod, and is told what to do by POST of {@link StandInOrder} to `/control`.
 */
import { createServer, type ServerResponse } from 'node:http';

/** A flag as LaunchDarkly streams it. */
export type StandInFlag = { readonly key: string; readonly version: number } & Readonly<Record<string, unknown>>;

/** What the stand-in starts with, in the variable `STAND_IN`. */
export interface StandInState {
  /** SDK keys that get a stream; every other gets 401. */
  readonly accepted: readonly string[];
  readonly flags: readonly StandInFlag[];
}

/** What it is told while it runs. */
export type StandInOrder = Partial<StandInState>;

const PORT = 8080;

const state = JSON.parse(process.env.STAND_IN ?? '{"accepted":[],"flags":[]}') as StandInState;
let accepted = new Set(state.accepted);
const flags = new Map(state.flags.map((flag) => [flag.key, flag]));
const streams = new Map<ServerResponse, string>();

const event = (name: string, data: unknown): string => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;

function obey(order: StandInOrder): void {
  if (order.accepted) accepted = new Set(order.accepted);
  for (const [stream, key] of streams) if (!accepted.has(key)) stream.destroy();
  for (const flag of order.flags ?? []) {
    flags.set(flag.key, flag);
    for (const stream of streams.keys()) stream.write(event('patch', { path: `/flags/${flag.key}`, data: flag }));
  }
}

const server = createServer(async (request, response) => {
  if (request.method === 'POST' && request.url === '/control') {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    obey(JSON.parse(Buffer.concat(chunks).toString('utf8')) as StandInOrder);
    response.end('{}');
    return;
  }
  const key = request.headers.authorization ?? '';
  const known = request.url?.startsWith('/all') === true;
  if (!known || !accepted.has(key)) {
    response.writeHead(known ? 401 : 404).end();
    return;
  }
  response.writeHead(200, { 'Content-Type': 'text/event-stream' });
  response.write(event('put', { path: '/', data: { flags: Object.fromEntries(flags), segments: {} } }));
  streams.set(response, key);
  response.on('close', () => streams.delete(response));
});
server.listen(PORT);
process.on('SIGTERM', () => process.exit(0));
