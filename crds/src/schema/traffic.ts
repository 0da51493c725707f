import * as z from 'zod';
import { int32, objectRef } from './kubernetes.ts';

/** Analytics events. */
export const events = z
  .object({
    enabled: z
      .boolean()
      .default(false)
      .describe(
        'Forward the analytics events of SDKs upstream. When false they are accepted and dropped. Default false.',
      ),
    flushPeriodSeconds: int32(1, 300)
      .default(5)
      .describe('How often, in seconds, collected events are sent. Default 5.'),
    capacity: int32(1, 1_000_000)
      .default(1000)
      .describe('How many events of one kind an environment holds before it sends them. Default 1000.'),
    memoryBytes: int32(1_048_576, 2_147_483_647)
      .describe(
        'Memory in bytes for all events that wait in a process to be sent; when it is used up, requests with events wait for up to 3 seconds and then get 503. Defaults to an eighth of the memory limit, from 8 to 128 MiB.',
      )
      .optional(),
  })
  .describe('Analytics events.');

/** Streams to SDKs. */
export const streaming = z
  .object({
    heartbeatPeriodSeconds: int32(1, 3600)
      .default(180)
      .describe(
        'How often, in seconds, a comment is sent on each stream, so that intermediaries do not consider it dead. Default 180.',
      ),
    maxConnectionSeconds: int32(60, 604_800)
      .describe(
        'Close each stream after this many seconds, minus a random tenth at most, so that connections spread to new pods. If unset, streams stay open.',
      )
      .optional(),
    rebalance: z
      .boolean()
      .default(true)
      .describe(
        'Rebalance streams when a pod has had far fewer than the others for a while, for example after a scale-out or when a zone is back: the others close a few of theirs per minute, and the SDKs reconnect. Default true.',
      ),
  })
  .describe('Streams to SDKs.');

/** HTTPS of the SDK port. */
export const tls = z
  .object({
    secretRef: objectRef('Secret', 'Secret of type kubernetes.io/tls. A renewed certificate is reloaded.'),
    minVersion: z.enum(['1.2', '1.3']).default('1.2').describe('Lowest version of TLS that is accepted. Default 1.2.'),
  })
  .describe('Serve HTTPS instead of HTTP on the SDK port.');
