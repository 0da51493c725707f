import * as z from 'zod';
import type { ServerSentEvent } from '../../../../sse/parser.ts';
import { type EnvironmentRep, environmentRep } from '../environment-rep.ts';
import { describeIssues, lenientObject } from '../members.ts';

/** A payload filter; applies to all environments of its project (contract 8.1). */
export const filterRep = lenientObject({
  projKey: z.string().default(''),
  key: z.string().min(1),
  version: z.number().default(0),
});

/** One payload filter of AutoConfig. */
export type FilterRep = z.output<typeof filterRep>;

/** Entries of a list, and those that cannot be used: by ID, with what is wrong in words. */
export interface Entries<T> {
  readonly good: ReadonlyMap<string, T>;
  readonly refused: ReadonlyMap<string, string>;
}

/** What one event of the AutoConfig stream means. */
export type AutoConfigMessage =
  | { readonly kind: 'put'; readonly environments: Entries<EnvironmentRep>; readonly filters: Entries<FilterRep> }
  | { readonly kind: 'environment'; readonly id: string; readonly environment: EnvironmentRep }
  | { readonly kind: 'filter'; readonly id: string; readonly filter: FilterRep }
  | {
      readonly kind: 'remove';
      readonly what: 'environments' | 'filters';
      readonly id: string;
      readonly version: number;
    }
  /** A patch whose content cannot be used; `reason` holds nothing of it. */
  | {
      readonly kind: 'refused';
      readonly what: 'environments' | 'filters';
      readonly id: string;
      readonly reason: string;
    }
  | { readonly kind: 'reconnect' }
  /** Not understood, and by contract 8.2 to be passed over with a log line. */
  | { readonly kind: 'ignored'; readonly reason: string };

const put = lenientObject({
  path: z.string().default('/'),
  data: lenientObject({
    environments: z.record(z.string(), z.unknown()).default({}),
    filters: z.record(z.string(), z.unknown()).default({}),
  }),
});
const patch = lenientObject({ path: z.string(), data: z.unknown() });
const remove = lenientObject({ path: z.string(), version: z.number().default(0) });

/**
 * Reads one event of the AutoConfig stream (contract 8.1). An entry that cannot be used is left out with its name and never
 * takes its neighbours with it.
 * @throws SyntaxError or a zod error for a message that is bad as a whole, after which the stream has to be opened again
 */
export function readAutoConfigMessage(event: ServerSentEvent): AutoConfigMessage {
  switch (event.event) {
    case 'put': {
      const message = put.parse(JSON.parse(event.data));
      if (message.path !== '/') return { kind: 'ignored', reason: 'a put for an unknown path' };
      return {
        kind: 'put',
        environments: entriesOf(message.data.environments, readEnvironment),
        filters: entriesOf(message.data.filters, (_id, value) => parsed(filterRep, value)),
      };
    }
    case 'patch': {
      const message = patch.parse(JSON.parse(event.data));
      const target = targetOf(message.path);
      if (!target) return { kind: 'ignored', reason: 'a patch for an unknown path' };
      const { what, id } = target;
      if (what === 'filters') {
        const result = parsed(filterRep, message.data);
        return 'good' in result
          ? { kind: 'filter', id, filter: result.good }
          : { kind: 'refused', what, id, reason: result.refused };
      }
      const result = parsed(environmentRep, message.data);
      if ('refused' in result) return { kind: 'refused', what, id, reason: result.refused };
      if (result.good.envID !== id) return { kind: 'ignored', reason: 'a patch whose path and ID differ' };
      return { kind: 'environment', id, environment: result.good };
    }
    case 'delete': {
      const message = remove.parse(JSON.parse(event.data));
      const target = targetOf(message.path);
      if (!target) return { kind: 'ignored', reason: 'a delete for an unknown path' };
      return { kind: 'remove', ...target, version: message.version };
    }
    case 'reconnect':
      return { kind: 'reconnect' };
    default:
      return { kind: 'ignored', reason: 'an unknown event' };
  }
}

type Result<T> = { readonly good: T } | { readonly refused: string };

function readEnvironment(id: string, value: unknown): Result<EnvironmentRep> {
  const result = parsed(environmentRep, value);
  if ('refused' in result || result.good.envID === id) return result;
  return { refused: 'envID: it is not the ID under which the environment is listed' };
}

function parsed<T>(schema: z.ZodType<T>, value: unknown): Result<T> {
  const result = schema.safeParse(value);
  return result.success ? { good: result.data } : { refused: describeIssues(result.error) };
}

function entriesOf<T>(
  values: Readonly<Record<string, unknown>>,
  read: (id: string, value: unknown) => Result<T>,
): Entries<T> {
  const good = new Map<string, T>();
  const refused = new Map<string, string>();
  for (const [id, value] of Object.entries(values)) {
    const result = read(id, value);
    if ('good' in result) good.set(id, result.good);
    else refused.set(id, result.refused);
  }
  return { good, refused };
}

function targetOf(path: string): { readonly what: 'environments' | 'filters'; readonly id: string } | undefined {
  const match = /^\/(environments|filters)\/(.+)$/.exec(path);
  return match ? { what: match[1] as 'environments' | 'filters', id: match[2] ?? '' } : undefined;
}
