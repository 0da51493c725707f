import type { ServerResponse } from 'node:http';
import { StoreError } from '../../../../errors.ts';
import { sendEmpty } from '../../../../http/reply.ts';
import { describe } from '../../../../telemetry/describe.ts';
import type { CompiledData } from '../../evaluation/compiled.ts';
import type { LaunchDarklyEnvironment } from '../../outlet/outlet.ts';
import { feedOf } from './feed.ts';
import type { Payload } from './payload.ts';

/**
 * Hands out what there is to send, or undefined without any: before the first data. While the store fails it is what was
 * sent last. `use` is called at once where the store answers at once, which `immediate` says.
 */
export function withPayload(
  environment: LaunchDarklyEnvironment,
  response: ServerResponse,
  use: (payload: Payload | undefined, immediate: boolean) => void,
): void {
  const feed = feedOf(environment);
  const take = (data: CompiledData | undefined, immediate: boolean) =>
    use(data === undefined ? feed.current : feed.read(data.data), immediate);
  const failed = (error: unknown, immediate: boolean) => {
    if (!(error instanceof StoreError)) throw error;
    environment.logger.warn('the store could not be read for an SDK', { error: error.message });
    use(feed.current, immediate);
  };
  let data: CompiledData | undefined | Promise<CompiledData | undefined>;
  try {
    data = environment.read();
  } catch (error) {
    failed(error, true);
    return;
  }
  if (!(data instanceof Promise)) {
    take(data, true);
    return;
  }
  data
    .then(
      (read) => take(read, false),
      (error: unknown) => failed(error, false),
    )
    .catch((error: unknown) => {
      environment.logger.error('an SDK could not be answered', { error: describe(error) });
      if (response.headersSent) response.destroy();
      else sendEmpty(response, 500);
    });
}
