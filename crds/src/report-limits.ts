/** Bounds of the item that a pod writes into `status.instances`: the API refuses more. Without zod: the relay loads them. */

/** Stands for every environment that has no item of its own. */
export const ALL_OTHERS = '*';
/** Environments that are not well, in one pod. */
export const MAX_UNHEALTHY = 100;
/** Files of one input that are not there. */
export const MAX_MISSING_FILES = 8;
/** Parts of the configuration that wait for a restart. */
export const MAX_HELD = 32;
/** Environments that a pod names because it accepts an SDK key before a rotation. */
export const MAX_PREVIOUS_KEYS = 32;
/** Characters of a message, or of the name of such a part. */
export const MAX_MESSAGE_LENGTH = 256;
