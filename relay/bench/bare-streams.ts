/**
 * The floor of streams: a bare `node:http` server (`node:https` where the variables TLS_CERT and TLS_KEY name files) that holds server-sent event streams, on
 * all paths that begin with `/all` or `/eval`. Arguments: the port, the file with the first event, the file with a patch. `GET /publish?n=3`
 * sends three patches to every stream.
 */
import { readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { bareServer } from './bare-listener.ts';

const [port, putFile, patchFile] = process.argv.slice(2);
const put = readFileSync(putFile ?? '');
const patch = readFileSync(patchFile ?? '');
const streams = new Set<ServerResponse>();
bareServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://bare');
  if (/^\/(all|eval)/.test(url.pathname)) {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    response.write(put);
    streams.add(response);
    response.on('close', () => streams.delete(response));
    return;
  }
  response.end('ok');
  if (url.pathname !== '/publish') return;
  const count = Number(url.searchParams.get('n'));
  for (const stream of streams) for (let i = 0; i < count; i++) stream.write(patch);
}).listen({ port: Number(port), host: '127.0.0.1', backlog: 4096 });
