import { FencedError } from '@flagrelay/kube/api-error';
import type { Dispatcher } from 'undici';

/**
 * A dispatcher that asks `mayWrite` at the very moment when a request is written to its connection, after any wait for
 * a socket or a token. A process that was frozen between deciding and sending does not write when it wakes up.
 * The refused request fails with FencedError.
 */
export function fenceWrites(dispatcher: Dispatcher, mayWrite: () => boolean): Dispatcher {
  return dispatcher.compose((dispatch) => (options, handler) => {
    const fenced: Dispatcher.DispatchHandler = {
      onRequestStart(controller, context) {
        if (mayWrite()) handler.onRequestStart?.(controller, context);
        else controller.abort(new FencedError('the lease is no longer held: write refused'));
      },
      onRequestUpgrade: (...rest) => handler.onRequestUpgrade?.(...rest),
      onResponseStart: (...rest) => handler.onResponseStart?.(...rest),
      onResponseData: (...rest) => handler.onResponseData?.(...rest),
      onResponseEnd: (...rest) => handler.onResponseEnd?.(...rest),
      onResponseError: (...rest) => handler.onResponseError?.(...rest),
    };
    return dispatch(options, fenced);
  });
}
