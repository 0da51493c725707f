import type { Option, Section } from './option.ts';
import type { Settings } from './settings.ts';
import type { Value } from './values.ts';

/** Typed access to settings: each returns what was set or undefined. */
export interface Reader {
  text(section: Section, key: string, name?: string): string | undefined;
  number(section: Section, key: string, name?: string): number | undefined;
  flag(section: Section, key: string, name?: string): boolean | undefined;
  list(section: Section, key: string, name?: string): string[] | undefined;
  origin(section: Section, key: string, name?: string): string | undefined;
  /** What was set of an option; a duration below nothing is nothing, unless its row says what that means. */
  value(option: Option, name?: string): Value | undefined;
}

/** Reads settings by the type that their option has. */
export function readerOf(settings: Settings): Reader {
  const value = (section: Section, key: string, name?: string) => settings.get(section, key, name)?.value;
  return {
    text: (...at) => value(...at) as string | undefined,
    number: (...at) => value(...at) as number | undefined,
    flag: (...at) => value(...at) as boolean | undefined,
    list: (...at) => (value(...at) as readonly string[] | undefined)?.slice(),
    origin: (section, key, name) => settings.get(section, key, name)?.origin,
    value: ({ section, key, type, signed, least }, name) => {
      const given = key === undefined ? undefined : value(section, key, name);
      const floor = type === 'duration' && signed !== true && least === undefined;
      return floor && typeof given === 'number' ? Math.max(0, given) : given;
    },
  };
}
