import type { RelayConfig } from '../config/document.ts';

/**
 * What a start with this configuration would end at beyond the configuration itself: proxies, also those of the environment, and what is in
 * files of certificates and of Redis. A line each, without credentials.
 */
export async function whatStartRefuses(config: RelayConfig, env: NodeJS.ProcessEnv): Promise<string[]> {
  const [{ createUpstreamDispatcher }, { readCertificate }, { readRedisSettings }] = await Promise.all([
    import('../upstream/dispatcher.ts'),
    import('../http/certificate.ts'),
    import('../store/redis/settings.ts'),
  ]);
  const { tls } = config.server;
  const { redis } = config.store;
  const problems: string[] = [];
  const attempt = async (start: () => unknown): Promise<void> => {
    try {
      await start();
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      problems.push(error.message);
    }
  };
  // An offline relay asks nobody.
  await attempt(() => createUpstreamDispatcher(config.upstream.proxy, env).close());
  if (tls !== undefined) await attempt(() => readCertificate(tls));
  if (redis !== undefined) await attempt(() => readRedisSettings(redis));
  return problems;
}
