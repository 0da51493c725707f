import type { Logger } from '../telemetry/logger.ts';

/** Tells of one answered request, or opened stream: its status, and how long the answer took in ms. */
export type RequestLine = (status: number, ms: number) => void;

/**
 * Lines for requests, at debug. They name the route, never the path, in which keys, client-side IDs and contexts are.
 * @returns what makes the line of one request
 */
export function createRequestLog(logger: Logger): (method: string, path: string) => RequestLine {
  return (method, path) => {
    const platform = platformOf(path);
    return (status, ms) =>
      logger.debug('request', {
        method,
        route: path,
        status,
        ms: Math.round(ms * 10) / 10,
        ...(platform === undefined ? {} : { platform }),
      });
  };
}

/** Whose SDKs a route is for; undefined for what is not of one platform. */
function platformOf(path: string): 'server' | 'mobile' | 'browser' | undefined {
  if (/:env\b/.test(path)) return 'browser';
  if (/^\/(?:msdk|meval|mping|mobile)\b/.test(path)) return 'mobile';
  return /^\/(?:all|flags|bulk|diagnostic|sdk\/(?!poll\/eval|stream\/eval))/.test(path) ? 'server' : undefined;
}
