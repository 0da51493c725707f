/** A condition found while starting that must end the process with a message and exit code 1. */
export class StartupError extends Error {
  override readonly name = 'StartupError';
}
