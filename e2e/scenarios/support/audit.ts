import { readFileSync, statSync } from 'node:fs';

/** A write that the API server took note of. */
export interface AuditedWrite {
  readonly user: string;
  readonly verb: string;
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
  readonly subresource: string;
  /** The HTTP status of the answer. */
  readonly code: number;
  /** When the API server had read the head of the request, in ms since 1970. */
  readonly receivedAt: number;
}

/** Where an audit log ends now; reading later starts there. */
export function endOfLog(file: string): number {
  return statSync(file).size;
}

/** The completed writes in an API server's audit log (JSON lines) since an offset. */
export function writesSince(file: string, offset: number): AuditedWrite[] {
  const text = readFileSync(file).subarray(offset).toString('utf8');
  return text
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => JSON.parse(line) as AuditEvent)
    .filter((event) => event.stage === 'ResponseComplete' && writes.has(event.verb))
    .map((event) => ({
      user: event.user.username,
      verb: event.verb,
      resource: event.objectRef?.resource ?? '',
      namespace: event.objectRef?.namespace ?? '',
      name: event.objectRef?.name ?? '',
      subresource: event.objectRef?.subresource ?? '',
      code: event.responseStatus?.code ?? 0,
      receivedAt: Date.parse(event.requestReceivedTimestamp),
    }));
}

const writes = new Set(['create', 'update', 'patch', 'delete', 'deletecollection']);

interface AuditEvent {
  readonly stage: string;
  readonly verb: string;
  readonly requestReceivedTimestamp: string;
  readonly responseStatus?: { readonly code?: number };
  readonly user: { readonly username: string };
  readonly objectRef?: {
    readonly resource?: string;
    readonly namespace?: string;
    readonly name?: string;
    readonly subresource?: string;
  };
}
