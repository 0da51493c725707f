import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { eventually } from './eventually.ts';

/** One POST that arrived at the events service. */
export interface SunkPost {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Inflated. */
  readonly text: string;
  /** The status that it was answered with. */
  readonly status: number;
}

/** A stand-in for LaunchDarkly's events service on loopback, under full control. */
export interface EventSink extends AsyncDisposable {
  readonly url: string;
  readonly posts: readonly SunkPost[];
  /** Statuses of the next answers; 202 when there are none left. `0` = the connection is cut. */
  readonly answers: number[];
  /** Waits until so many posts are there. */
  received(count: number): Promise<readonly SunkPost[]>;
}

/**
 * Starts an {@link EventSink}.
 * @param decide the status by the inflated text and the path, where `answers` does not say it
 */
export async function startEventSink(
  decide: (text: string, path: string) => number | Promise<number> = () => 202,
): Promise<EventSink> {
  const posts: SunkPost[] = [];
  const answers: number[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const path = request.url ?? '';
    const text = (request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body).toString();
    const status = answers.shift() ?? (await decide(text, path));
    posts.push({ path, headers: request.headers, text, status });
    if (status === 0) response.destroy();
    else response.writeHead(status).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    posts,
    answers,
    received: (count) =>
      eventually(() => {
        if (posts.length < count) throw new Error(`${posts.length} of ${count} posts came`);
        return posts;
      }),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
