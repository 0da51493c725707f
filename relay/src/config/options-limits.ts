import { CONTEXT_BOUNDS, EVENTS_BOUNDS, MAX_PATTERN_STEPS } from '../json/bounds.ts';
import type { Option } from './option.ts';
import { allOf, member, section } from './option-table.ts';

const MIB = 1024 * 1024;

// Bounds of what clients, upstream and archives may take, which few ever change; those of the listener are in `options-listener.ts`.

/** Bounds of what upstream sends. */
export const MAIN_LIMITS = section('Main', {
  maxUpstreamEventSize: member('size', {
    env: 'MAX_UPSTREAM_EVENT_SIZE',
    unset: 'by memory',
    least: { value: 1024, rule: 'must be at least 1KiB' },
    most: 400_000_000,
    text: 'A larger event of upstream, as the one with all data, ends its stream, which is opened again later; the last data stay. Unless set, an eighth of the memory limit, 16MiB at least (see limits.md).',
    own: true,
    becomes: { field: 'limits.upstreamEventBytes', how: 'in bytes, 1MiB to 400,000,000', range: [MIB, 400_000_000] },
  }),
});

/** Bounds of what a context may cost. */
export const HTTP_LIMITS = section('HTTP', {
  maxContextValues: member('count', {
    env: 'MAX_CONTEXT_VALUES',
    default: String(CONTEXT_BOUNDS.maxValues),
    text: 'Values in a context above 64KiB: each object, array, text, number and so on; more get 400 before it is parsed.',
    own: true,
    becomes: { field: 'limits.contextValues', how: '1,000 to 10,000,000', range: [1000, 10_000_000] },
  }),
  maxContextMembers: member('count', {
    env: 'MAX_CONTEXT_MEMBERS',
    default: String(CONTEXT_BOUNDS.maxMembers),
    text: 'Members of all objects in a context above 64KiB together; more get 400 before it is parsed.',
    own: true,
    becomes: { field: 'limits.contextMembers', how: '1,000 to 10,000,000', range: [1000, 10_000_000] },
  }),
  contextMemory: member('size', {
    env: 'CONTEXT_MEMORY',
    unset: 'by memory',
    least: { value: 1, rule: 'must be above 0' },
    text: 'Memory of all contexts above 8KiB together that are evaluated or wait for their turn; who finds no room gets 503. Unless set, a 32nd of the memory limit (see limits.md).',
    own: true,
    becomes: { field: 'limits.contextMemoryBytes', how: 'in bytes, 1MiB to 2GiB', range: [MIB, 2 ** 31 - 1] },
  }),
  maxPatternSteps: member('count', {
    env: 'MAX_PATTERN_STEPS',
    default: String(MAX_PATTERN_STEPS),
    text: 'What matching one text with one pattern (`matches`) may cost: instructions of the pattern times characters of a text above 4096; more get 413.',
    own: true,
    becomes: { field: 'limits.patternSteps', how: '65,536 at least', range: [65_536, 2 ** 31 - 1] },
  }),
});

/** Bounds of requests that wait for upstream. */
export const CONCURRENCY_LIMITS = section('Concurrency', {
  maxGoalsRequests: member('count', {
    env: 'MAX_GOALS_REQUESTS',
    default: '32',
    text: 'Requests for goals that wait for upstream at a time; more get 503, but for what is in the cache.',
    own: true,
    becomes: { field: 'limits.goalsRequests', how: '10,000 at most', range: [1, 10_000] },
  }),
});

/** Bounds of batches of events. */
export const EVENTS_LIMITS = section('Events', {
  maxValues: member('count', {
    env: 'EVENTS_MAX_VALUES',
    default: String(EVENTS_BOUNDS.maxValues),
    text: 'Values in a batch of events above 64KiB; more get 400 before it is parsed.',
    own: true,
    becomes: { field: 'limits.eventValues', how: '1,000 to 10,000,000', range: [1000, 10_000_000] },
  }),
});

/** Bounds of archives. */
export const OFFLINE_LIMITS = section('OfflineMode', {
  maxArchiveSize: member('size', {
    env: 'MAX_ARCHIVE_SIZE',
    unset: 'by memory',
    least: { value: 1024, rule: 'must be at least 1KiB' },
    text: 'All files of an archive together, unpacked; a larger one is not used, and the last data stay. Unless set, an eighth of the memory limit, from 16MiB to 1024MiB (see limits.md).',
    own: true,
    becomes: { field: 'limits.archiveBytes', how: 'in bytes, 1MiB to 1GiB', range: [MIB, 1024 * MIB] },
  }),
  maxArchiveFileSize: member('size', {
    env: 'MAX_ARCHIVE_FILE_SIZE',
    unset: '200MiB',
    least: { value: 1024, rule: 'must be at least 1KiB' },
    text: 'One file of an archive, unpacked; never more than `maxArchiveSize`.',
    own: true,
    becomes: { field: 'limits.archiveFileBytes', how: 'in bytes, 1MiB to 1GiB', range: [MIB, 1024 * MIB] },
  }),
  maxArchiveFiles: member('count', {
    env: 'MAX_ARCHIVE_FILES',
    unset: '20000',
    text: 'Files in an archive.',
    own: true,
    becomes: { field: 'limits.archiveFiles', how: '3 to 1,000,000', range: [3, 1_000_000] },
  }),
});

/** All of them. */
export const LIMIT_OPTIONS: readonly Option[] = allOf(
  MAIN_LIMITS,
  HTTP_LIMITS,
  CONCURRENCY_LIMITS,
  EVENTS_LIMITS,
  OFFLINE_LIMITS,
);
