import manifest from '../package.json' with { type: 'json' };

/** The release that operator, relay and chart share. */
export const version: string = manifest.version;
