/** One entry of a Status' `details.causes`: which field was wrong, or which manager owns it. */
export interface StatusCause {
  readonly reason?: string;
  readonly message?: string;
  readonly field?: string;
}

interface ApiErrorInit {
  code: number;
  reason: string;
  message: string;
  causes?: readonly StatusCause[];
  retryAfterMs?: number | undefined;
  request: string;
}

/** The longest part of a server's message that is kept: messages repeat whole values of the object otherwise. */
const MESSAGE_LIMIT = 1024;

/** The API server answered, and the answer was a refusal. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** HTTP status, for example 409. */
  readonly code: number;
  /** Machine-readable reason of the Status, for example `Conflict`; `Unknown` when the body was not a Status. */
  readonly reason: string;
  readonly causes: readonly StatusCause[];
  /** How long the server asked to wait, in ms; undefined when it did not say. */
  readonly retryAfterMs: number | undefined;
  /** Method and path of the request, without query. */
  readonly request: string;

  constructor(init: ApiErrorInit) {
    super(`${init.request}: ${init.code} ${init.reason}: ${init.message.slice(0, MESSAGE_LIMIT)}`);
    this.code = init.code;
    this.reason = init.reason;
    this.causes = init.causes ?? [];
    this.retryAfterMs = init.retryAfterMs;
    this.request = init.request;
  }
}

/** Why no usable answer came: the deadline passed, the caller stopped, the connection failed, or the bytes made no sense. */
export type TransportErrorKind = 'deadline' | 'aborted' | 'connection' | 'protocol';

/** No answer, or none that could be understood. The request may or may not have been carried out. */
export class TransportError extends Error {
  override readonly name = 'TransportError';
  readonly kind: TransportErrorKind;
  /** Method and path of the request, without query. */
  readonly request: string;

  constructor(kind: TransportErrorKind, request: string, message: string, cause?: unknown) {
    super(`${request}: ${message}`, { cause });
    this.kind = kind;
    this.request = request;
  }
}

/** A write was refused on this side because the process no longer holds its lease; nothing was sent. */
export class FencedError extends Error {
  override readonly name = 'FencedError';
}

/** The HTTP status of a refusal; 0 when there was no answer that could be understood. */
export function statusOf(error: unknown): number {
  return error instanceof ApiError ? error.code : 0;
}

/** True for a refusal with this HTTP status. */
function hasCode(error: unknown, code: number): error is ApiError {
  return error instanceof ApiError && error.code === code;
}

/** True when the object does not exist (404). */
export const isNotFound = (error: unknown): error is ApiError => hasCode(error, 404);

/** True when a resourceVersion, a precondition or another field manager stood in the way (409, not AlreadyExists). */
export const isConflict = (error: unknown): error is ApiError =>
  hasCode(error, 409) && error.reason !== 'AlreadyExists';

/** True when an object of that name was there already. */
export const isAlreadyExists = (error: unknown): error is ApiError =>
  hasCode(error, 409) && error.reason === 'AlreadyExists';

/** True when the asked resourceVersion has been compacted away (410). */
export const isExpired = (error: unknown): error is ApiError => hasCode(error, 410);

/** True when RBAC, quota or admission refused (403). */
export const isForbidden = (error: unknown): error is ApiError => hasCode(error, 403);

/** True when the object is not valid (422). */
export const isInvalid = (error: unknown): error is ApiError => hasCode(error, 422);

/**
 * True when sending the same object again cannot succeed: it is invalid, malformed, too large, or the served schema
 * does not know a field (the CRD is older than this program: the server answers that with 500).
 */
export function isTerminal(error: unknown): boolean {
  if (!(error instanceof ApiError)) return false;
  if (error.code === 500) return error.message.includes('field not declared in schema');
  return error.code === 400 || error.code === 413 || error.code === 422;
}

/** The managers that own the fields of a server-side apply conflict, as the server names them; empty for other errors. */
export function conflictingManagers(error: unknown): string[] {
  if (!(error instanceof ApiError)) return [];
  const managers = error.causes
    .filter((cause) => cause.reason === 'FieldManagerConflict')
    .flatMap((cause) => /conflict with "([^"]+)"/.exec(cause.message ?? '')?.[1] ?? []);
  return [...new Set(managers)];
}

/**
 * Turns the body of a refusal into an ApiError. A body that is not a Status still gives one, with reason `Unknown`
 * and without quoting the body: it may come from a proxy and hold anything.
 */
export function apiErrorFrom(code: number, body: string, retryAfterMs: number | undefined, request: string): ApiError {
  const status = parseStatus(body);
  const seconds = status?.details?.retryAfterSeconds;
  const fromBody = typeof seconds === 'number' && seconds > 0 ? seconds * 1000 : undefined;
  return new ApiError({
    code,
    reason: status?.reason || 'Unknown',
    message: status?.message || `the server answered ${code} without a Status`,
    causes: status?.details?.causes ?? [],
    retryAfterMs: retryAfterMs ?? fromBody,
    request,
  });
}

interface Status {
  kind?: string;
  reason?: string;
  message?: string;
  details?: { causes?: StatusCause[]; retryAfterSeconds?: number } | null;
}

function parseStatus(body: string): Status | undefined {
  try {
    const value: unknown = JSON.parse(body);
    const isStatus = typeof value === 'object' && value !== null && (value as Status).kind === 'Status';
    return isStatus ? (value as Status) : undefined;
  } catch {
    return undefined; // not JSON: a proxy's page; the HTTP status says enough
  }
}
