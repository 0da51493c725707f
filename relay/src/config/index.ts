/** The relay's options and what reads them: its configuration as other packages see it (`flagrelay migrate` is one). */

export { assemble } from './assemble.ts';
export type { EnvironmentConfig, RelayConfig } from './document.ts';
export { readEnvironment } from './from-env.ts';
export { readIni } from './from-ini.ts';
export { NAMED_SECTIONS, type Option, type Section } from './option.ts';
export { OPTIONS } from './options.ts';
export { LIMIT_OPTIONS } from './options-limits.ts';
export type { Dropped, Problems } from './problems.ts';
export { type Reader, readerOf } from './reader.ts';
export { parseDocument } from './schema.ts';
export { createSettings, type Settings } from './settings.ts';
export { validate } from './validate.ts';
export type { Value, ValueType } from './values.ts';
