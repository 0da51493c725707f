/** State of the link to a source, in LaunchDarkly's words (contract 3). Never INTERRUPTED before the first VALID. */
export type LinkState = 'INITIALIZING' | 'VALID' | 'INTERRUPTED' | 'OFF';

/** Why a link is not VALID, in LaunchDarkly's words (contract 3). */
export type LinkErrorKind = 'NETWORK_ERROR' | 'ERROR_RESPONSE' | 'INVALID_DATA' | 'STORE_ERROR' | 'UNKNOWN';

/** The last thing that went wrong on a link. `message` never holds a credential. */
export interface LinkError {
  readonly kind: LinkErrorKind;
  /** ms since the epoch */
  readonly time: number;
  readonly message: string;
  /** HTTP status, with ERROR_RESPONSE */
  readonly statusCode?: number;
}

/** A link's state with its history, as `/status` shows it. `lastError` stays after recovery (contract 3). */
export interface LinkStatus {
  readonly state: LinkState;
  /** ms since the epoch */
  readonly stateSince: number;
  readonly lastError?: LinkError;
}
