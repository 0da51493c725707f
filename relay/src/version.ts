import manifest from '../package.json' with { type: 'json' };

/** Version of the relay. */
export const VERSION: string = manifest.version;
