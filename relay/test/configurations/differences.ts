import type { Kind } from './record.ts';

/** A difference that `docs/differences.md` has in its part about the configuration. */
interface Difference {
  /** For people. */
  readonly why: string;
}

/** What this relay refuses and ld-relay takes, by the line that says so. */
const REFUSED_HERE: readonly (Difference & { readonly said: RegExp })[] = [
  {
    why: 'addresses of services must be http or https, with a host',
    said: /must be an absolute (?:http or https URL$|redis or rediss URL,)/,
  },
  { why: 'ld-relay finds out that the port is none when it listens', said: /must be a port number from 1 to 65535$/ },
  {
    why: 'environments with one key overwrite one another',
    said: /have the same (?:SDK key|mobile key|store prefix|client-side ID)/,
  },
  {
    why: 'a store that this relay does not have',
    said: /^\S*(?:USE_CONSUL|USE_DYNAMODB|\[Consul\] host|\[DynamoDB\] enabled).*not supported/,
  },
  { why: 'NTLM', said: /(?:PROXY_AUTH_NTLM|ntlmAuth).*not supported/ },
  { why: 'nothing would be sent, or all the time', said: /EVENTS_FLUSH_INTERVAL|flushInterval/ },
  { why: 'variables also add to an environment of the file', said: /^LD_(?!ENV_|FILTER)[A-Z_]+_(?:one|Two): / },
  { why: 'files that are not there are noticed at the start', said: /does not exist$/ },
  { why: 'metrics are served on one port', said: /metrics are served on one port only/ },
];

/** What ld-relay refuses and this relay takes, by the kind of refusal and what is in the configuration. */
const TAKEN_HERE: readonly (Difference & { readonly kind: Kind; readonly has?: RegExp })[] = [
  { kind: 'switch', why: 'on and off count everywhere; what is not read is not checked' },
  { kind: 'key elsewhere', why: 'the file is checked together with the variables' },
  { kind: 'lonely option', why: 'options of AutoConfig and archives count for either, wherever they are' },
  {
    kind: 'other',
    why: 'the file is checked together with the variables',
    has: /^\[Redis\]$.*^(?:REDIS_(?:PORT|HOST)|LD_PREFIX_one)=/ims,
  },
  { kind: 'other', why: 'a filter may have blanks in its name', has: /filterkey = text with blanks/i },
  { kind: 'archive', why: 'an archive may come later' },
  { kind: 'Stackdriver', why: 'Stackdriver is ignored with a warning', has: /stackdriver/i },
  {
    kind: 'unknown key',
    why: 'sections of what is not supported are not read',
    has: /\[(?:dynamodb|consul|datadog|stackdriver)\]/i,
  },
  { kind: 'other', why: 'units of sizes in any case, with a blank before them', has: /1kib|1 KiB/ },
  { kind: 'other', why: 'the port of metrics that are off is not read', has: /PROMETHEUS_PORT/ },
  { kind: 'other', why: 'what Kubernetes injects counts as address or is ignored', has: /tcp:/ },
  { kind: 'other', why: 'sections of what is not supported are not read', has: /DynamoDB|DYNAMODB|Consul|CONSUL/i },
];

/** Whether each line with which this relay refuses is a difference that is listed. */
export function isListedRefusal(reasons: readonly string[]): boolean {
  return reasons.length > 0 && reasons.every((reason) => REFUSED_HERE.some(({ said }) => said.test(reason)));
}

/** Whether it is a listed difference that this relay takes what ld-relay refuses. */
export function isListedAcceptance(kind: Kind, text: string): boolean {
  return TAKEN_HERE.some((difference) => difference.kind === kind && (difference.has?.test(text) ?? true));
}
