import * as z from 'zod';
import { type EnvironmentRep, environmentRep } from '../environment-rep.ts';
import type { ServerSentEvent } from '../sse/parser.ts';

/** A payload filter; applies to all environments of its project (contract 8.1). */
export const filterRep = z.object({ projKey: z.string(), key: z.string().min(1), version: z.number().default(0) });

/** One payload filter of AutoConfig. */
export type FilterRep = z.output<typeof filterRep>;

/** What one event of the AutoConfig stream means. */
export type AutoConfigMessage =
  | {
      readonly kind: 'put';
      readonly environments: ReadonlyMap<string, EnvironmentRep>;
      readonly filters: ReadonlyMap<string, FilterRep>;
    }
  | { readonly kind: 'environment'; readonly id: string; readonly environment: EnvironmentRep }
  | { readonly kind: 'filter'; readonly id: string; readonly filter: FilterRep }
  | {
      readonly kind: 'remove';
      readonly what: 'environments' | 'filters';
      readonly id: string;
      readonly version: number;
    }
  | { readonly kind: 'reconnect' }
  /** Not understood, and by contract 8.2 to be passed over with a log line. */
  | { readonly kind: 'ignored'; readonly reason: string };

const put = z.object({
  path: z.string().default('/'),
  data: z.object({
    environments: z.record(z.string(), environmentRep).nullish(),
    filters: z.record(z.string(), filterRep).nullish(),
  }),
});
const patch = z.object({ path: z.string(), data: z.unknown() });
const remove = z.object({ path: z.string(), version: z.number() });

/** Reads one event of the AutoConfig stream (contract 8.1). Throws SyntaxError or a zod error for bad data, after which the stream has to be opened again. */
export function readAutoConfigMessage(event: ServerSentEvent): AutoConfigMessage {
  switch (event.event) {
    case 'put': {
      const message = put.parse(JSON.parse(event.data));
      if (message.path !== '/') return { kind: 'ignored', reason: 'a put for an unknown path' };
      const environments = Object.entries(message.data.environments ?? {});
      return {
        kind: 'put',
        environments: new Map(environments.filter(([id, environment]) => id === environment.envID)),
        filters: new Map(Object.entries(message.data.filters ?? {})),
      };
    }
    case 'patch': {
      const message = patch.parse(JSON.parse(event.data));
      const target = targetOf(message.path);
      if (!target) return { kind: 'ignored', reason: 'a patch for an unknown path' };
      if (target.what === 'filters') return { kind: 'filter', id: target.id, filter: filterRep.parse(message.data) };
      const environment = environmentRep.parse(message.data);
      if (environment.envID !== target.id) return { kind: 'ignored', reason: 'a patch whose path and ID differ' };
      return { kind: 'environment', id: target.id, environment };
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

function targetOf(path: string): { readonly what: 'environments' | 'filters'; readonly id: string } | undefined {
  const match = /^\/(environments|filters)\/(.+)$/.exec(path);
  return match ? { what: match[1] as 'environments' | 'filters', id: match[2] ?? '' } : undefined;
}
