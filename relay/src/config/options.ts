import type { Option, Section } from './option.ts';
import { allOf } from './option-table.ts';
import { AUTO_CONFIG, ENVIRONMENT, FILTERS, OFFLINE } from './options-environments.ts';
import { LIMIT_OPTIONS } from './options-limits.ts';
import { CONCURRENCY, HTTP } from './options-listener.ts';
import { MAIN, OPS } from './options-main.ts';
import { DYNAMODB, EVENTS, PROMETHEUS, PROXY, REDIS, SNAPSHOT } from './options-services.ts';
import { UNSUPPORTED_OPTIONS } from './options-unsupported.ts';

/** Every option there is, in the order of the documentation. */
export const OPTIONS: readonly Option[] = [
  ...allOf(MAIN, OPS, HTTP, CONCURRENCY),
  ...LIMIT_OPTIONS,
  ...allOf(AUTO_CONFIG, OFFLINE, ENVIRONMENT, FILTERS),
  ...allOf(EVENTS, REDIS, DYNAMODB, SNAPSHOT, PROXY, PROMETHEUS),
  ...UNSUPPORTED_OPTIONS,
];

/** Options of one section. */
export function optionsOf(section: Section): readonly Option[] {
  return OPTIONS.filter((option) => option.section === section);
}
