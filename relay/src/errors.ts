/** A condition found while starting that must end the process with a message and exit code 1. */
export class StartupError extends Error {
  override readonly name = 'StartupError';
}

/** A failed read or write of a persistent store. `message` is the driver's text, without credentials. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
}

/** Data of a source or a store that are not what they should be. The message names the path, what was found and what is allowed. */
export class DataError extends Error {
  override readonly name: string = 'DataError';
}
