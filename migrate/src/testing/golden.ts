import { join } from 'node:path';

/** Folder with what is made of each example: manifests, with the report as comments. */
export const goldenFolder: string = join(import.meta.dirname, 'golden');
