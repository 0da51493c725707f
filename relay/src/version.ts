import manifest from '../package.json' with { type: 'json' };

/** Version of the relay. */
export const VERSION: string = manifest.version;

/** Name and version under which the relay shows up at every server that it asks. */
export const USER_AGENT = `flagrelay/${VERSION}`;
