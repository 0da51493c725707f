import type { Section } from './option.ts';
import type { Settings } from './settings.ts';

/** Typed access to settings: each returns what was set or undefined. */
export interface Reader {
  text(section: Section, key: string, name?: string): string | undefined;
  number(section: Section, key: string, name?: string): number | undefined;
  flag(section: Section, key: string, name?: string): boolean | undefined;
  list(section: Section, key: string, name?: string): string[] | undefined;
  /** A duration of which less than nothing means nothing. */
  ms(section: Section, key: string, name?: string): number | undefined;
  origin(section: Section, key: string, name?: string): string | undefined;
}

/** Reads settings by the type that their option has. */
export function readerOf(settings: Settings): Reader {
  const value = (section: Section, key: string, name?: string) => settings.get(section, key, name)?.value;
  return {
    text: (...at) => value(...at) as string | undefined,
    number: (...at) => value(...at) as number | undefined,
    flag: (...at) => value(...at) as boolean | undefined,
    list: (...at) => (value(...at) as readonly string[] | undefined)?.slice(),
    ms: (...at) => {
      const given = value(...at) as number | undefined;
      return given === undefined ? undefined : Math.max(0, given);
    },
    origin: (section, key, name) => settings.get(section, key, name)?.origin,
  };
}
