import { BlockList, isIP } from 'node:net';

/** Says whether a host is reached directly. `host` has no port and no brackets; `port` is the effective one. */
export type NoProxy = (host: string, port: number) => boolean;

interface DomainRule {
  readonly domain: string;
  readonly subdomainsOnly: boolean;
  readonly port: number | undefined;
}

/**
 * Compiles a `NO_PROXY` value with the rules that Go programs, ld-relay among them, follow: entries are separated by commas
 * or spaces; `*` is everything; `example.com` is the host and its subdomains; `.example.com` and `*.example.com` only the
 * subdomains; an address or a CIDR block is compared as an address; `:port` narrows an entry. Loopback hosts are always
 * reached directly. Entries that are not valid match nothing.
 */
export function parseNoProxy(value: string): NoProxy {
  const blocks = new BlockList();
  const domains: DomainRule[] = [];
  let everything = false;
  for (const raw of value.split(/[,\s]+/)) {
    const entry = raw.trim().toLowerCase();
    if (entry === '') continue;
    if (entry === '*') everything = true;
    else if (!addAddress(blocks, entry)) domains.push(domainRule(entry));
  }
  return (host, port) => {
    const name = trimDot(host.toLowerCase());
    const family = isIP(name);
    if (everything || isLoopback(name, family)) return true;
    if (family !== 0 && blocks.check(name, family === 6 ? 'ipv6' : 'ipv4')) return true;
    return domains.some((rule) => matches(rule, name, port));
  };
}

function addAddress(blocks: BlockList, entry: string): boolean {
  const [address = '', bits] = entry.split('/');
  const bare = address.replace(/^\[(.+)\]$/, '$1');
  const family = isIP(bare);
  if (family === 0) return false;
  const type = family === 6 ? 'ipv6' : 'ipv4';
  if (bits === undefined) {
    blocks.addAddress(bare, type);
    return true;
  }
  const prefix = Number(bits);
  if (!Number.isInteger(prefix) || bits === '' || prefix < 0 || prefix > (family === 6 ? 128 : 32)) return false;
  blocks.addSubnet(bare, prefix, type);
  return true;
}

function domainRule(entry: string): DomainRule {
  const parts = /^(?<host>.+?)(?::(?<port>\d+))?$/.exec(entry)?.groups;
  const host = (parts?.host ?? entry).replace(/^\[(.+)\]$/, '$1').replace(/^\*\./, '.');
  const subdomainsOnly = host.startsWith('.');
  return {
    domain: trimDot(subdomainsOnly ? host.slice(1) : host),
    subdomainsOnly,
    port: parts?.port === undefined ? undefined : Number(parts.port),
  };
}

function matches(rule: DomainRule, name: string, port: number): boolean {
  if (rule.port !== undefined && rule.port !== port) return false;
  if (name.endsWith(`.${rule.domain}`)) return true;
  return name === rule.domain && !rule.subdomainsOnly;
}

function isLoopback(name: string, family: number): boolean {
  if (family === 0) return name === 'localhost';
  return name === '::1' || name.startsWith('127.');
}

function trimDot(name: string): string {
  return name.length > 1 && name.endsWith('.') ? name.slice(0, -1) : name;
}
