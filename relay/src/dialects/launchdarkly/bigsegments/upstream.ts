import { type Dispatcher, request } from 'undici';
import { memoryLimitBytes } from '../../../memory/limit.ts';
import { isPermanentStatus, maxEventLength, SILENCE_LIMIT_MS } from '../../../sse/event-stream.ts';
import { createSseParser, type ServerSentEvent } from '../../../sse/parser.ts';
import { USER_AGENT } from '../../../version.ts';
import { type BigSegmentPatch, parsePatches } from './patch.ts';

/** The big-segment service of LaunchDarkly for one environment (contract 5.4). */
export interface BigSegmentUpstream {
  /** Patches after a cursor, or all; empty = nothing new. @throws UpstreamError, PatchError */
  poll(after: string | undefined, signal: AbortSignal): Promise<BigSegmentPatch[]>;
  /** Opens the stream; resolves when it is connected. @throws UpstreamError */
  connect(signal: AbortSignal): Promise<PatchStream>;
}

/** An open stream of patches. */
export interface PatchStream {
  /** The next event's patches; undefined when none came within the time. @throws UpstreamError when the stream is over */
  next(timeoutMs: number): Promise<BigSegmentPatch[] | undefined>;
  close(): void;
}

/** Upstream could not be reached, or refused. */
export class UpstreamError extends Error {
  override readonly name = 'UpstreamError';
  /** Trying again soon is useless: the key is not accepted, or big segments are not there. */
  readonly permanent: boolean;

  constructor(message: string, permanent: boolean, options?: ErrorOptions) {
    super(message, options);
    this.permanent = permanent;
  }
}

/** Where the service is, and the key as it is now. */
export interface BigSegmentUpstreamOptions {
  readonly baseUri: string;
  readonly streamUri: string;
  readonly sdkKey: () => string | undefined;
  readonly dispatcher: Dispatcher;
  /** Bytes of one event or answer; absent: by the memory limit, and for answers fixed. */
  readonly maxEventBytes?: number | undefined;
}

const POLL_TIMEOUT_MS = 60_000;
const MAX_POLL_BYTES = 256 * 1024 * 1024;

/** Makes the client of the big-segment service. */
export function createBigSegmentUpstream(options: BigSegmentUpstreamOptions): BigSegmentUpstream {
  const ask = async (url: string, accept: string, signal: AbortSignal): Promise<Dispatcher.ResponseData['body']> => {
    const key = options.sdkKey();
    if (key === undefined) throw new UpstreamError('the environment has no SDK key', true);
    const answer = await request(url, {
      dispatcher: options.dispatcher,
      headers: { authorization: key, accept, 'user-agent': USER_AGENT },
      bodyTimeout: SILENCE_LIMIT_MS,
      signal,
    }).catch((cause: Error) => {
      throw new UpstreamError(cause.message, false, { cause });
    });
    if (answer.statusCode === 200) return answer.body;
    await answer.body.dump();
    throw new UpstreamError(`HTTP status ${answer.statusCode}`, isPermanentStatus(answer.statusCode));
  };
  const trim = (base: string): string => base.replace(/\/+$/, '');

  return {
    poll: async (after, signal) => {
      const query = after === undefined ? '' : `?after=${encodeURIComponent(after)}`;
      const url = `${trim(options.baseUri)}/sdk/big-segments/revisions${query}`;
      const body = await ask(url, 'application/json', AbortSignal.any([signal, AbortSignal.timeout(POLL_TIMEOUT_MS)]));
      return parsePatches(await readText(body, options.maxEventBytes ?? MAX_POLL_BYTES));
    },
    connect: async (signal) => {
      const body = await ask(`${trim(options.streamUri)}/big-segments`, 'text/event-stream', signal);
      return patchStream(body, options.maxEventBytes ?? maxEventLength(memoryLimitBytes()));
    },
  };
}

async function readText(body: AsyncIterable<Buffer>, limit: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of body) {
      size += chunk.length;
      if (size > limit) throw new UpstreamError(`an answer has more than ${limit} bytes`, false);
      chunks.push(chunk);
    }
  } catch (cause) {
    throw cause instanceof UpstreamError ? cause : new UpstreamError((cause as Error).message, false, { cause });
  }
  return Buffer.concat(chunks, size).toString('utf8');
}

/** Reads on only when the events so far were taken, which is the back-pressure towards upstream. */
function patchStream(body: Dispatcher.ResponseData['body'], maxLength: number): PatchStream {
  const parser = createSseParser({ maxEventLength: maxLength });
  const chunks = body[Symbol.asyncIterator]();
  const ready: ServerSentEvent[] = [];
  let reading: Promise<IteratorResult<Buffer>> | undefined;

  const next = async (timeoutMs: number): Promise<BigSegmentPatch[] | undefined> => {
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<'timeout'>((resolve) => {
      timer = setTimeout(resolve, timeoutMs, 'timeout');
    });
    try {
      for (;;) {
        const event = ready.shift();
        if (event !== undefined) return parsePatches(event.data);
        reading ??= chunks.next();
        const result = await Promise.race([reading, timeout]);
        if (result === 'timeout') return undefined;
        reading = undefined;
        if (result.done === true) throw new UpstreamError('the stream ended', false);
        ready.push(...parser.push(result.value));
      }
    } finally {
      clearTimeout(timer);
    }
  };

  return {
    next: (timeoutMs) =>
      next(timeoutMs).catch((error: Error) => {
        throw error.name === 'PatchError' || error instanceof UpstreamError
          ? error
          : new UpstreamError(error.message, false, { cause: error });
      }),
    close: () => {
      reading?.catch(() => undefined);
      body.on('error', () => undefined).destroy();
    },
  };
}
