import { join } from 'node:path';

/** Folder of the samples; those in `invalid/` are refused by the API server. */
export const samplesFolder: string = join(import.meta.dirname, '../samples');
