import { type RelayDocument, redis } from './document.ts';
import { membersSet } from './members.ts';
import type { Problems } from './problems.ts';
import type { Reader } from './reader.ts';

type Redis = NonNullable<NonNullable<RelayDocument['store']>['redis']>;

const DEFAULT_HOST = 'localhost';
const DEFAULT_PORT = 6379;

/** The Redis part of the configuration; undefined when Redis is off. */
export function assembleRedis(read: Reader, problems: Problems): Redis | undefined {
  const url = read.text('Redis', 'url');
  const urlFile = read.text('Redis', 'urlFile');
  const on = read.flag('Redis', 'enabled') === true || url !== undefined || urlFile !== undefined;
  if (!on && read.origin('Redis', 'host') === undefined && read.origin('Redis', 'port') === undefined) return undefined;
  const address = url ?? (urlFile === undefined ? hostAndPort(read, problems) : undefined);
  if (url !== undefined || urlFile !== undefined) refuseHostAndPort(read, problems);
  const tls = read.flag('Redis', 'tls') === true;
  if (tls && urlFile !== undefined) {
    problems.warnings.push(
      `${read.origin('Redis', 'tls')} has no effect on the address in urlFile; write rediss:// there`,
    );
  }
  return {
    ...membersSet(redis, read),
    certFile: newerName(read, problems, 'certFile', 'clientCertificateFile'),
    keyFile: newerName(read, problems, 'keyFile', 'clientKeyFile'),
    url: address === undefined ? undefined : tls ? withTls(address) : address,
  };
}

/** An option of ours that ld-relay has had under another name since 9.0. */
function newerName(read: Reader, problems: Problems, ours: string, theirs: string): string | undefined {
  const [own, newer] = [read.text('Redis', ours), read.text('Redis', theirs)];
  if (own !== undefined && newer !== undefined && own !== newer) {
    problems.mistakes.push(
      `${read.origin('Redis', theirs)}: is the same option as ${read.origin('Redis', ours)}; set one of the two`,
    );
  }
  return own ?? newer;
}

/** `rediss` in each address. */
function withTls(addresses: string): string {
  return addresses
    .split(',')
    .map((address) => address.trim().replace(/^redis:/, 'rediss:'))
    .join(',');
}

/** ld-relay refuses a URL with host or port. A port that Kubernetes injected was not set by anybody: it is ignored (contract 4.1). */
function refuseHostAndPort(read: Reader, problems: Problems): void {
  const host = read.origin('Redis', 'host');
  const port = read.origin('Redis', 'port');
  if (host !== undefined) problems.mistakes.push(`${host}: set either the Redis url or host and port, not both`);
  if (port === undefined) return;
  if (isInjected(read)) warnOfInjected(port, problems);
  else problems.mistakes.push(`${port}: set either the Redis url or host and port, not both`);
}

function hostAndPort(read: Reader, problems: Problems): string {
  const host = read.text('Redis', 'host');
  const port = read.text('Redis', 'port') ?? DEFAULT_PORT;
  const origin = read.origin('Redis', 'port') ?? '';
  if (host !== undefined && !URL.canParse(`redis://${bracketed(host)}`)) {
    problems.mistakes.push(`${read.origin('Redis', 'host')}: ${JSON.stringify(host)} is no host name`);
    return `redis://${DEFAULT_HOST}:${DEFAULT_PORT}`;
  }
  if (!isInjected(read)) return `redis://${bracketed(host ?? DEFAULT_HOST)}:${port}`;
  if (host !== undefined) {
    warnOfInjected(origin, problems);
    return `redis://${bracketed(host)}:${DEFAULT_PORT}`;
  }
  const link = URL.parse(String(port));
  if (!link || link.hostname === '') {
    problems.mistakes.push(
      `${origin}: "${port}" is not allowed; it must be a port number from 1 to 65535, or tcp://HOST:PORT`,
    );
    return `redis://${DEFAULT_HOST}:${DEFAULT_PORT}`;
  }
  return `redis://${link.hostname}:${link.port || DEFAULT_PORT}`;
}

function isInjected(read: Reader): boolean {
  return String(read.text('Redis', 'port') ?? '').startsWith('tcp://');
}

function warnOfInjected(origin: string, problems: Problems): void {
  problems.warnings.push(
    `${origin} is ignored: its tcp:// value looks like what Kubernetes injects for a Service named "redis", and an address is configured`,
  );
}

function bracketed(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
}
