import * as z from 'zod';
import { member, SECONDS, section } from './option-table.ts';

const MIB = 1024 * 1024;

/** Options of the listener for SDKs: what its clients may take. Few ever change those in `options-limits.ts`. */
export const HTTP = section('HTTP', {
  enableCompression: member('switch', {
    env: 'HTTP_ENABLE_COMPRESSION',
    default: 'true',
    text: 'Compress responses where the client takes it.',
    own: true,
    becomes: {
      because: 'pods always compress',
      instead: 'nothing: a client that does not ask for it gets it plain',
      same: true,
    },
  }),
  evaluationCacheSize: member('size', {
    env: 'EVALUATION_CACHE_SIZE',
    default: '16MiB',
    text: 'Evaluations (`evalx`) kept for contexts that are asked for again, of all environments together; they go when the data change. `0B` = none.',
    own: true,
    becomes: { field: 'limits.evaluationCacheBytes', how: 'in bytes, 1GiB at most', range: [0, 1024 * MIB] },
  }),
  exposeEnvironmentId: member('switch', {
    env: 'EXPOSE_ENVIRONMENT_ID',
    default: 'false',
    text: 'Pages of other origins may read the header `X-LD-EnvID` of answers (CORS), as with ld-relay 9; ld-relay 8.10 lets them read `Date` alone. Pods of a RelayProxy always do.',
    own: true,
    becomes: { because: 'pods always let pages read it', instead: 'nothing', same: true },
  }),
  ofrepRefetchWindow: member('duration', {
    env: 'OFREP_REFETCH_WINDOW',
    default: '10s',
    text: 'OFREP: the time over which clients with an event stream learn of a change at most, so that not all of them ask for their flags at once. With n streams it takes n ms, or this if that is less; 0 = all at once.',
    own: true,
    becomes: { field: 'limits.refetchWindowSeconds', how: SECONDS, range: [0, 3600] },
  }),
  ofrepPathPrefix: member('text', {
    env: 'OFREP_PATH_PREFIX',
    schema: z
      .string()
      .regex(/^(\/[\w.~-]+)+$/, 'must be a path as /flags, without a slash at the end')
      .max(256)
      .optional(),
    text: 'OFREP: what a proxy in front of the relay has before its paths, such as `/flags`, where pages ask at another path than the relay sees: their event streams are found below it.',
    own: true,
    becomes: { field: 'service.pathPrefix' },
  }),
  maxHeaderSize: member('size', {
    env: 'MAX_HEADER_SIZE',
    default: '256KiB',
    least: { value: 8 * 1024, rule: 'must be at least 8KiB' },
    most: 16 * 1024 * 1024,
    text: 'Larger request heads (the line with the path, and all headers) get 431; 8KiB to 16MiB. A context in a path is a part of it.',
    own: true,
    becomes: { field: 'limits.requestHeadBytes', how: 'in bytes', range: [8192, 16 * MIB] },
  }),
  bodyMemory: member('size', {
    env: 'BODY_MEMORY',
    unset: 'by memory',
    least: { value: 1, rule: 'must be above 0' },
    text: 'Memory of all request bodies together while they are read, inflated and parsed; who finds no room gets 503. Unless set, an eighth of the memory limit (see limits.md).',
    own: true,
    becomes: { field: 'limits.bodyMemoryBytes', how: 'in bytes, 1MiB to 2GiB', range: [MIB, 2 ** 31 - 1] },
  }),
  headMemory: member('size', {
    env: 'HEAD_MEMORY',
    unset: 'by memory',
    least: { value: 1, rule: 'must be above 0' },
    text: 'Memory of all request heads together that are not complete yet; above it the connections that take longest are cut. Unless set, an eighth of the memory limit (see limits.md).',
    own: true,
    becomes: { field: 'limits.headMemoryBytes', how: 'in bytes, 1MiB to 2GiB', range: [MIB, 2 ** 31 - 1] },
  }),
  answerMemory: member('size', {
    env: 'ANSWER_MEMORY',
    unset: 'by memory',
    least: { value: 1, rule: 'must be above 0' },
    text: 'Memory of all answers together that wait for their clients to read them, streams apart; above it the oldest of the environment that takes most are cut. Unless set, an eighth of the memory limit (see limits.md).',
    own: true,
    becomes: { field: 'limits.answerMemoryBytes', how: 'in bytes, 1MiB to 2GiB', range: [MIB, 2 ** 31 - 1] },
  }),
  unreadTimeout: member('duration', {
    env: 'UNREAD_TIMEOUT',
    default: '30s',
    text: 'A connection whose client reads nothing for this time, though there is something to read, is cut; 0 = never.',
    own: true,
    becomes: {
      field: 'limits.unreadTimeoutSeconds',
      how: `${SECONDS}; never becomes an hour`,
      range: [1, 3600],
      zero: 3600,
    },
  }),
});

/** Options of how many may come at a time. */
export const CONCURRENCY = section('Concurrency', {
  maxConcurrent: member('number', {
    env: 'INIT_MAX_CONCURRENT',
    default: '0',
    text: 'How many SDKs may be sent their first payload at a time; 0 = no limit.',
    own: true,
    becomes: {
      field: 'limits.firstPayloads',
      how: 'no limit is no field; 1,000,000 at most',
      range: [1, 1_000_000],
      zero: 'no field',
    },
  }),
  maxQueued: member('number', {
    env: 'INIT_MAX_QUEUED',
    default: '0',
    text: 'How many more may wait for it; the rest gets 503.',
    own: true,
    becomes: { field: 'limits.firstPayloadsWaiting', how: '1,000,000 at most', range: [0, 1_000_000] },
  }),
  sendTimeout: member('duration', {
    env: 'INIT_SEND_TIMEOUT',
    default: '2m',
    text: 'How long one of them may take.',
    own: true,
    becomes: { field: 'limits.firstPayloadSeconds', how: SECONDS, range: [1, 3600] },
  }),
  workers: member('number', {
    env: 'WORKERS',
    unset: '1',
    schema: z.int().min(1).max(64).default(1),
    text: 'Processes that serve SDKs on the one port, for a pod with several cores; at most 64. Limits such as `maxConcurrent` and the capacity of events are of each of them.',
    own: true,
    becomes: { field: 'workers', how: '16 at most' },
  }),
  maxConnections: member('count', {
    env: 'MAX_CONNECTIONS',
    unset: 'by memory',
    text: 'Connections of SDKs; further ones are closed at once. Unless set, one for each 32 KiB of the memory limit.',
    own: true,
    becomes: { field: 'limits.connections', how: '10,000,000 at most', range: [1, 10_000_000] },
  }),
  maxStreamsPerCredential: member('number', {
    env: 'MAX_STREAMS_PER_CREDENTIAL',
    default: '0',
    text: 'Open streams of one SDK key; more get 503. 0 = no limit.',
    own: true,
    becomes: { field: 'limits.streamsPerCredential', how: '10,000,000 at most', range: [0, 10_000_000] },
  }),
  maxStreamsPerAddress: member('number', {
    env: 'MAX_STREAMS_PER_ADDRESS',
    default: '0',
    text: 'Open streams with SDK keys from one address, which may be that of a proxy; more get 503. 0 = no limit.',
    own: true,
    becomes: { field: 'limits.streamsPerAddress', how: '10,000,000 at most', range: [0, 10_000_000] },
  }),
  maxPublicStreamsPerCredential: member('number', {
    env: 'MAX_PUBLIC_STREAMS_PER_CREDENTIAL',
    unset: 'by memory',
    text: 'Open streams of one mobile key or client-side ID; more get 503. 0 = no limit. Unless set, six times what others leave free of seven eighths of `maxConnections`, which is three quarters of all for one alone.',
    own: true,
    becomes: { field: 'limits.publicStreamsPerCredential', how: '10,000,000 at most', range: [0, 10_000_000] },
  }),
  maxPublicStreamsPerAddress: member('number', {
    env: 'MAX_PUBLIC_STREAMS_PER_ADDRESS',
    default: '0',
    text: 'Open streams with mobile keys and client-side IDs from one address, which may be that of a proxy; more get 503. 0 = no limit of their own.',
    own: true,
    becomes: { field: 'limits.publicStreamsPerAddress', how: '10,000,000 at most', range: [0, 10_000_000] },
  }),
});
