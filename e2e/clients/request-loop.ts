import { lookup } from 'node:dns';
import { get, type IncomingMessage } from 'node:http';
import type { LookupFunction } from 'node:net';

/** What a request loop has seen so far. `errors` holds the first ten, in words. */
export interface LoopTotals {
  readonly sent: number;
  readonly failed: number;
  /** Attempts that got no answer and were made again. */
  readonly retried: number;
  readonly errors: readonly string[];
}

/** What to ask, and how often. */
export interface LoopOptions {
  readonly url: string;
  readonly sdkKey: string;
  /** requests a second */
  readonly rate: number;
  /** ms for which a request that gets no answer is sent again; 0 = it has failed at once */
  readonly retryMs: number;
}

/** ms from one attempt to the next. */
const RETRY_PAUSE_MS = 100;

/**
 * Asks a URL at an even rate, each time over a new connection, so that every request is balanced again by the Service. Anything but a 200
 * within 15 s is a failure. Reports the totals once a second.
 */
export function startRequestLoop(options: LoopOptions, onTotals: (totals: LoopTotals) => void): { stop(): void } {
  let sent = 0;
  let failed = 0;
  let retried = 0;
  const errors: string[] = [];
  const fail = (reason: string) => {
    failed += 1;
    if (errors.length < 10) errors.push(`${new Date().toISOString()} ${reason}`);
  };

  const knownAddress = rememberAddress();
  const ask = () => {
    sent += 1;
    attempt(performance.now());
  };
  const attempt = (since: number) => {
    let lost = false;
    const lose = (reason: string) => {
      if (lost) return;
      lost = true;
      if (performance.now() - since >= options.retryMs) return fail(reason);
      retried += 1;
      setTimeout(() => attempt(since), RETRY_PAUSE_MS);
    };
    // Where a request got stuck tells whose fault it is: the cluster's DNS, the Service's routing, or the relay's.
    let phase = 'while looking up the name';
    const request = get(
      options.url,
      { agent: false, timeout: 15_000, lookup: knownAddress, headers: { authorization: options.sdkKey } },
      (response) => {
        if (response.statusCode !== 200) {
          describeAnswer(response, fail);
          return;
        }
        response.on('error', (error) => lose(`${error.message} in the body`));
        response.resume();
      },
    );
    request.on('socket', (socket) => {
      socket.on('lookup', (_error, address) => {
        phase = `while connecting to ${address}`;
      });
      socket.on('connect', () => {
        phase = 'after connecting';
      });
    });
    request.on('timeout', () => request.destroy(new Error('no answer within 15 s')));
    request.on('error', (error) => lose(`${error.message} ${phase}`));
  };

  const asking = setInterval(ask, 1000 / options.rate);
  const reporting = setInterval(() => onTotals({ sent, failed, retried, errors }), 1000);
  return {
    stop() {
      clearInterval(asking);
      clearInterval(reporting);
      onTotals({ sent, failed, retried, errors });
    },
  };
}

/** Characters of a body that are quoted. */
const QUOTED_CHARS = 200;

/**
 * Says in words what an answer was, once it is there or has broken off: its body tells which of a relay's reasons it was, and the client's own port
 * is in the cluster's connection table, which knows the pod behind the Service.
 */
function describeAnswer(response: IncomingMessage, tell: (words: string) => void): void {
  const { localPort, remoteAddress } = response.socket;
  const { 'retry-after': retryAfter, server } = response.headers;
  let body = '';
  response.setEncoding('utf8');
  response.on('data', (chunk: string) => {
    if (body.length < QUOTED_CHARS) body += chunk;
  });
  // One that breaks off was an answer all the same; `close` follows.
  response.on('error', () => {});
  response.once('close', () => {
    const parts = [
      `status ${response.statusCode} from ${remoteAddress} to port ${localPort}`,
      ...(retryAfter === undefined ? [] : [`Retry-After ${retryAfter}`]),
      ...(server === undefined ? [] : [`Server ${server}`]),
      `body ${JSON.stringify(body.slice(0, QUOTED_CHARS))}`,
    ];
    tell(parts.join(', '));
  });
}

/** A Service keeps its address, and the cluster's DNS is not what is measured: a name is looked up until it was found once. */
function rememberAddress(): LookupFunction {
  let known: { readonly address: string; readonly family: number } | undefined;
  return (hostname, options, callback) => {
    if (known !== undefined) {
      if (options.all === true) callback(null, [known]);
      else callback(null, known.address, known.family);
      return;
    }
    lookup(hostname, { all: true }, (error, addresses) => {
      known = addresses?.[0];
      if (error !== null || known === undefined) callback(error ?? new Error(`no address for ${hostname}`), '');
      else if (options.all === true) callback(null, addresses);
      else callback(null, known.address, known.family);
    });
  };
}
