/** The API of the project: types, run-time parser and names of the RelayProxy resource. */

export { names } from './names.ts';
export { formatPath, type ParseResult, type Problem, parseInstance, parseRelayProxy } from './parse.ts';
export { ALL_OTHERS as allOthers } from './report-limits.ts';
export { type ConditionType, conditionMeanings } from './schema/condition.ts';
export { apiVersion, group, kind, version } from './schema/relayproxy.ts';
export { reserved } from './schema/reserved.ts';
export type * from './types.ts';
