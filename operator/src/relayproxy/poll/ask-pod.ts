import { type InstanceStatus, parseInstance } from '@flagrelay/crds';
import { Agent, request } from 'undici';

/** A pod that can be asked. */
export interface PollTarget {
  readonly name: string;
  readonly uid: string;
  /** IP address. */
  readonly address: string;
  /** Port of the operations listener, which speaks plain HTTP also where SDKs use TLS. */
  readonly port: number;
}

/**
 * What came of asking: the item of `status.instances` as the pod would write it, or why there is none. `problem` is for
 * the metrics and the operator's own log. It never gets into a status or an Event: whoever writes RelayProxies chooses the
 * port, and would learn by it what answers at an address that they cannot reach themselves.
 */
export type PollAnswer =
  | { readonly result: 'answered'; readonly item: InstanceStatus }
  | { readonly result: 'timeout' | 'unreachable' | 'refused' | 'invalid'; readonly problem: string };

/** All that a status and an Event say of a pod that gave no item. */
export const NO_ANSWER = 'gives no answer that the operator can use';

/** Asks one pod; never throws. */
export type AskPod = (target: PollTarget) => Promise<PollAnswer>;

/** Longest time for an answer, ms. */
const TIMEOUT_MS = 3000;
/** Longest answer, bytes: a hundred environments, each with an error message, are well below. */
const MAX_BYTES = 128 * 1024;

/**
 * Asks pods over HTTP at their own address. Not through the API server: `pods/proxy` would let the operator, and whoever
 * has its token, reach every port of every pod. What comes back is nobody's word but that of whoever has the address, so it
 * counts only if it is an item of the right pod, and can say no more than a pod's own report could.
 */
export function createAskPod(timeoutMs: number = TIMEOUT_MS): AskPod {
  const dispatcher = new Agent({ keepAliveTimeout: 1, connect: { timeout: timeoutMs }, maxResponseSize: MAX_BYTES });
  return async (target) => {
    const host = target.address.includes(':') ? `[${target.address}]` : target.address;
    try {
      const { statusCode, body } = await request(`http://${host}:${target.port}/status/instance`, {
        dispatcher,
        signal: AbortSignal.timeout(timeoutMs),
        reset: true,
      });
      const text = await body.text();
      if (statusCode !== 200) return { result: 'refused', problem: `answers HTTP ${statusCode}` };
      return itemFrom(text, target);
    } catch (error) {
      return failure(error);
    }
  };
}

function itemFrom(text: string, target: PollTarget): PollAnswer {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { result: 'invalid', problem: 'answers what is not JSON' };
  }
  const item = parseInstance(value);
  if (item === undefined) return { result: 'invalid', problem: 'answers what is no report' };
  if (item.name !== target.name || item.uid !== target.uid) {
    return { result: 'invalid', problem: 'answers for another pod' };
  }
  const { lastReportTime: _reported, polledTime: _polled, ...rest } = item;
  return { result: 'answered', item: rest };
}

function failure(error: unknown): PollAnswer {
  const { name, code } = error as { name?: string; code?: string };
  if (name === 'TimeoutError' || code === 'UND_ERR_CONNECT_TIMEOUT') {
    return { result: 'timeout', problem: 'does not answer in time' };
  }
  if (code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE') return { result: 'invalid', problem: 'answers without end' };
  return { result: 'unreachable', problem: `cannot be reached${code ? ` (${code})` : ''}` };
}
