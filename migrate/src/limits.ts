import type { RelayProxySpecManifest } from '@flagrelay/crds';
import { OPTIONS, type Option } from '@flagrelay/relay/config';
import { type Conversion, seconds } from './convert.ts';
import { isOfOtherMode } from './lost-options.ts';

type Limits = NonNullable<RelayProxySpecManifest['limits']>;

const PREFIX = 'limits.';

/**
 * What clients, upstream and archives may take: each option whose row names a field of `limits` with its range, if it was set.
 * @param has whether the RelayProxy is to have a field
 */
export function limitsOf(conversion: Conversion, has: (field: string) => boolean): Limits {
  return Object.assign({}, ...OPTIONS.map((option) => limitOf(conversion, option, has)));
}

function limitOf(conversion: Conversion, option: Option, has: (field: string) => boolean): Partial<Limits> {
  const { section, key, type, becomes } = option;
  if (key === undefined || becomes?.field === undefined || becomes.range === undefined) return {};
  const field = becomes.field.slice(PREFIX.length);
  if (!has(field) || isOfOtherMode(section, conversion.config)) return {};
  const value = conversion.read.number(section, key);
  const origin = conversion.given(section, key);
  if (value === undefined || origin === undefined) return {};
  const { range, zero } = becomes;
  // A duration below nothing is nothing.
  if (value <= 0 && zero !== undefined) return zero === 'no field' ? {} : { [field]: zero };
  const [min, max] = range;
  if (type === 'duration') return seconds(conversion, [section, key], Math.max(0, value), field, { min, max });
  const taken = Math.min(Math.max(value, min), max);
  if (taken !== value) {
    conversion.report.note('changed', origin, `${value} became ${taken}, the nearest one`);
  }
  return { [field]: taken };
}
