import { hash } from 'node:crypto';
import { SharedBody } from '../../../../encoding/shared-body.ts';
import type { CompiledData, EvaluateOptions, FlagResult } from '../../evaluation/compiled.ts';
import type { Context } from '../../model/context.ts';
import { type Message, payloadTransferred, pollBody, serverIntent } from './messages.ts';

/** Digits of a state: as many bits as a server-side state has. */
const STATE_CHARS = 22;

/**
 * The answer to a client-side poll (contract 11.3): every flag as evaluated for the context. The state stands for the
 * results, not for the data: an SDK is told `none` as long as nothing changed *for its context*, by whichever relay.
 */
export function evaluationBody(
  data: CompiledData,
  context: Context,
  options: EvaluateOptions,
  basis: string,
): { readonly body: SharedBody; readonly upToDate: boolean } {
  const results = new Results(options.withReasons);
  data.evaluateEach(context, options, results.add);
  return results.finish(basis);
}

/** As {@link evaluationBody} in short steps, for a large context. */
export function* evaluationBodyInSteps(
  data: CompiledData,
  context: Context,
  options: EvaluateOptions,
  basis: string,
): Generator<void, { readonly body: SharedBody; readonly upToDate: boolean }> {
  const results = new Results(options.withReasons);
  yield* data.evaluateEachInSteps(context, options, results.add);
  return results.finish(basis);
}

/** Gathers the results of all flags. */
class Results {
  readonly #withReasons: boolean;
  readonly #objects: Message[] = [];
  #version = 0;

  constructor(withReasons: boolean) {
    this.#withReasons = withReasons;
  }

  readonly add = (key: string, result: FlagResult): void => {
    this.#version = Math.min(this.#version + result.version, Number.MAX_SAFE_INTEGER);
    this.#objects.push(flagEval(key, result, this.#withReasons));
  };

  finish(basis: string): { readonly body: SharedBody; readonly upToDate: boolean } {
    const objects = this.#objects;
    const version = Math.max(this.#version, 1);
    const state = hash('sha256', objects.map((object) => object.data).join('\n'), 'base64url').slice(0, STATE_CHARS);
    const upToDate = basis === state;
    const messages = upToDate
      ? [serverIntent('none', 'up-to-date', version)]
      : [
          serverIntent('xfer-full', basis === '' ? 'payload-missing' : 'cant-catchup', version),
          ...objects,
          payloadTransferred(state, version),
        ];
    return { body: new SharedBody(pollBody(messages), `relay-${state}`), upToDate };
  }
}

/** One flag's result. The rules for members are those of evalx (contract 1.5), but the flag's version is `flagVersion`. */
function flagEval(key: string, result: FlagResult, withReasons: boolean): Message {
  let object = `{"value":${result.valueJson},"variation":${result.variation},"flagVersion":${result.version}`;
  if (result.trackEvents) object += ',"trackEvents":true';
  if (result.experiment) object += ',"trackReason":true';
  if (withReasons || result.experiment) object += `,"reason":${JSON.stringify(result.reason)}`;
  if (result.debugEventsUntilDate !== undefined) object += `,"debugEventsUntilDate":${result.debugEventsUntilDate}`;
  if (result.samplingRatio !== undefined) object += `,"samplingRatio":${result.samplingRatio}`;
  if (result.prerequisites.length > 0) object += `,"prerequisites":${JSON.stringify(result.prerequisites)}`;
  return {
    event: 'put-object',
    data: `{"version":${result.version},"kind":"flag-eval","key":${JSON.stringify(key)},"object":${object}}}`,
  };
}
