import * as z from 'zod';
import { int32, intOrPercent, stringSet } from './kubernetes.ts';
import { withRules } from './rules.ts';

/** Spread over availability zones. */
export const zones = withRules(
  z.object({
    topologyKey: z
      .string()
      .min(1)
      .max(316)
      .default('topology.kubernetes.io/zone')
      .describe(
        'Node label whose value is the zone. Where nodes have no zones, `kubernetes.io/hostname` makes each node one. Default topology.kubernetes.io/zone.',
      ),
    minZones: int32(1, 16)
      .default(2)
      .describe(
        'How many zones must hold a ready pod before the condition `ZonesSpread` is True; with `policy: Required` also how many zones pods are spread over at least. Default 2.',
      ),
    maxSkew: int32(1, 16).default(1).describe('Largest allowed difference in pods between any two zones. Default 1.'),
    policy: z
      .enum(['Preferred', 'Required'])
      .default('Preferred')
      .describe(
        'Preferred spreads pods as evenly as the nodes allow; Required leaves pods pending rather than break the spread. Default Preferred.',
      ),
    names: stringSet(z.string().min(1).max(63), 16)
      .describe('Run pods in these zones only. Empty allows all zones.')
      .optional(),
  }),
  {
    cel: '!has(self.names) || size(self.names) == 0 || self.minZones <= size(self.names)',
    message: '`minZones` must be less than or equal to the number of `names`',
    field: 'minZones',
    check: ({ names, minZones }) => names === undefined || names.length === 0 || minZones <= names.length,
  },
).describe('Spread of the pods over availability zones.');

/** What a drain or another voluntary disruption may take away. */
export const disruptionBudget = withRules(
  z.object({
    enabled: z.boolean().default(true).describe('Create a PodDisruptionBudget. Default true.'),
    maxUnavailable: intOrPercent(
      'How many pods, or what share such as 25%, may be evicted at a time. With 0, no node can be drained, and the condition `DrainsAllowed` says so. Default 1, unless `minAvailable` is set.',
    ).optional(),
    minAvailable: intOrPercent(
      'How many pods, or what share such as 50%, must stay while others are evicted. With as many as there are pods, or 100%, no node can be drained, and the condition `DrainsAllowed` says so. Excludes `maxUnavailable`.',
    ).optional(),
  }),
  {
    cel: '!(has(self.maxUnavailable) && has(self.minAvailable))',
    message: 'only one of `maxUnavailable` or `minAvailable` may be set',
    reason: 'FieldValueForbidden',
    check: (budget) => budget.maxUnavailable === undefined || budget.minAvailable === undefined,
  },
).describe('How many pods a node drain, or another voluntary disruption, may take away at a time.');
