import * as z from 'zod';
import { int32 } from './kubernetes.ts';

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;
/** Memory that clients together may take; the largest number of 32 bits is just below 2 GiB. */
const memory = (what: string) =>
  int32(MIB, 2 * GIB - 1)
    .describe(what)
    .optional();
const streams = (what: string) => int32(0, 10_000_000).describe(what).optional();

/** What clients, upstream and archives may take of a pod. */
export const limits = z
  .object({
    requestBodyBytes: int32(1024, 100 * MIB)
      .describe(
        'Bytes of a request body, after decompression; larger ones get 413. Defaults to 1 MiB for a context, 5 MiB for a batch of events.',
      )
      .optional(),
    eventPayloadBytes: int32(1024, 100 * MIB)
      .describe(
        'Bytes of a batch of events, after decompression, where it is not `requestBodyBytes`; larger ones get 400. Defaults to `requestBodyBytes`.',
      )
      .optional(),
    requestHeadBytes: int32(8192, 16 * MIB)
      .describe(
        'Bytes of a request line and its headers; larger ones get 431. A context in a path is a part of it. Defaults to 256 KiB.',
      )
      .optional(),
    bodyMemoryBytes: memory(
      'Bytes of all request bodies together while they are read, inflated and parsed, in each process; requests that do not fit get 503. Defaults to an eighth of the memory limit, 128 MiB at most.',
    ),
    headMemoryBytes: memory(
      'Bytes of all request heads together that are not complete yet, in each process; above it, the slowest connections are closed. Defaults to an eighth of the memory limit, 128 MiB at most.',
    ),
    answerMemoryBytes: memory(
      'Bytes of all answers together that wait for their clients to read them, streams apart, in each process; above it, the oldest of the environment that takes most are closed. Defaults to an eighth of the memory limit, 512 MiB at most.',
    ),
    streamBufferBytes: int32(64 * 1024, GIB)
      .describe('Bytes that a stream may have unread; a client with more is disconnected. Defaults to 16 MiB.')
      .optional(),
    unreadTimeoutSeconds: int32(1, 3600)
      .describe('How long, in seconds, a client may leave data unread before it is disconnected. Defaults to 30.')
      .optional(),
    readBytesPerSecond: int32(0, 100 * MIB)
      .describe(
        'Bytes a second that a client has to read at least while something waits for it, over the time beyond `readSlackSeconds`; a slower one is disconnected. 0 means as slow as it likes. Defaults to 1024.',
      )
      .optional(),
    readSlackSeconds: int32(1, 3600)
      .describe(
        'How long, in seconds, something may wait for a client before `readBytesPerSecond` counts. Defaults to 30.',
      )
      .optional(),
    readMaxSeconds: int32(1, 86_400)
      .describe(
        'A client for which something waits for this long on end, in seconds, is disconnected, however fast it reads. If unset, there is no such limit.',
      )
      .optional(),
    refetchWindowSeconds: int32(0, 3600)
      .describe(
        'OFREP: the time, in seconds, over which clients with an event stream learn of a change at most, so that not all of them ask for their flags at once; n streams take n ms if that is less. 0 tells all at once. Defaults to 10.',
      )
      .optional(),
    connections: int32(1, 10_000_000)
      .describe(
        'Connections of SDKs to each process; above it, idle ones give way, oldest first, or the new one is closed. Defaults to one for each 32 KiB of the memory limit.',
      )
      .optional(),
    streamsPerCredential: streams(
      'Open streams of one SDK key in each process; more get 503. 0 or unset means no limit.',
    ),
    streamsPerAddress: streams(
      'Open streams with SDK keys from one address, which may be that of a proxy, in each process; more get 503. 0 or unset means no limit.',
    ),
    publicStreamsPerCredential: streams(
      'Open streams of one mobile key or client-side ID in each process; more get 503. 0 means no limit. Defaults to six times what others leave free of seven eighths of the connections: three quarters of all for one alone.',
    ),
    publicStreamsPerAddress: streams(
      'Open streams with mobile keys and client-side IDs from one address, which may be that of an ingress, in each process; more get 503. 0 or unset means no limit of their own.',
    ),
    firstPayloads: int32(1, 1_000_000)
      .describe(
        'How many SDKs may be sent their first payload at a time, in each process. If unset, there is no limit.',
      )
      .optional(),
    firstPayloadsWaiting: int32(0, 1_000_000)
      .describe(
        'How many SDKs may wait for their first payload where `firstPayloads` are being sent; more get 503. If unset, none may wait.',
      )
      .optional(),
    firstPayloadSeconds: int32(1, 3600)
      .describe('How long, in seconds, one of the `firstPayloads` may take; then the next begins. Defaults to 120.')
      .optional(),
    contextValues: int32(1000, 10_000_000)
      .describe('Values in a context above 64 KiB; more get 400 before it is parsed. Defaults to 100,000.')
      .optional(),
    contextMembers: int32(1000, 10_000_000)
      .describe(
        'Members of all objects in a context above 64 KiB together; more get 400 before it is parsed. Defaults to 20,000.',
      )
      .optional(),
    contextMemoryBytes: memory(
      'Bytes of all contexts above 8 KiB together that are evaluated or wait for their turn, in each process; requests that do not fit get 503. Defaults to a 32nd of the memory limit, 8 MiB at least.',
    ),
    patternSteps: int32(65_536, 2 * GIB - 1)
      .describe(
        'What matching one text with one pattern (operator `matches`) may cost: instructions of the pattern times characters of a text above 4096; more get 413. Defaults to 16,777,216.',
      )
      .optional(),
    eventValues: int32(1000, 10_000_000)
      .describe('Values in a batch of events above 64 KiB; more get 400 before it is parsed. Defaults to 500,000.')
      .optional(),
    evaluationCacheBytes: int32(0, GIB)
      .describe(
        'Bytes of the answers that are kept for contexts that come again, in each process. 0 keeps none. Defaults to 16 MiB.',
      )
      .optional(),
    goalsRequests: int32(1, 10_000)
      .describe('Requests for goals that wait for upstream at a time, in each process; more get 503. Defaults to 32.')
      .optional(),
    upstreamEventBytes: int32(MIB, 400_000_000)
      .describe(
        'Bytes of one event of upstream, as the one with all data of an environment; the stream of a larger one ends and is opened again later, the last data stay. Defaults to an eighth of the memory limit, 16 MiB at least.',
      )
      .optional(),
    archiveBytes: int32(MIB, GIB)
      .describe(
        'Bytes of all files of the archive of `offline` together, unpacked; a larger one is not used, the last data stay. Defaults to an eighth of the memory limit, from 16 MiB to 1 GiB.',
      )
      .optional(),
    archiveFileBytes: int32(MIB, GIB)
      .describe('Bytes of one file of the archive of `offline`, unpacked. Defaults to 200 MiB, `archiveBytes` at most.')
      .optional(),
    archiveFiles: int32(3, 1_000_000).describe('Files in the archive of `offline`. Defaults to 20,000.').optional(),
  })
  .describe(
    "What clients, upstream and archives may take of a pod; relay/docs/limits.md lists all limits. Shares of the memory are of the pod's memory limit, divided by `workers`.",
  );
