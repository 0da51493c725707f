import type { Option, Section } from './option.ts';
import type { Problems } from './problems.ts';
import { parseValue, type Value, ValueError } from './values.ts';

/** One value that somebody set, and where. */
export interface Setting {
  readonly value: Value;
  /** For messages: the variable, or section, key and line of the file. */
  readonly origin: string;
}

/** What the environment variables and the INI file set, before it becomes a configuration. Names of environments keep their case. */
export interface Settings {
  get(section: Section, key: string, name?: string): Setting | undefined;
  set(section: Section, key: string, name: string, setting: Setting): void;
  unset(section: Section, key: string, name?: string): void;
  /** Names that a section was given, in order of appearance. */
  names(section: Section): readonly string[];
  addName(section: Section, name: string): void;
  /** Everything that was set, in the order in which it was. */
  all(): readonly GivenSetting[];
}

/** One setting with the place that it has. */
export interface GivenSetting extends Setting {
  readonly section: Section;
  readonly key: string;
  /** Name of the environment or project; empty elsewhere. */
  readonly name: string;
}

/** Settings with nothing in them. */
export function createSettings(): Settings {
  const values = new Map<string, GivenSetting>();
  const names = new Map<Section, Set<string>>();
  const id = (section: Section, key: string, name: string): string => `${section}\n${key.toLowerCase()}\n${name}`;
  return {
    get: (section, key, name = '') => values.get(id(section, key, name)),
    set: (section, key, name, setting) => {
      values.set(id(section, key, name), { ...setting, section, key, name });
    },
    unset: (section, key, name = '') => {
      values.delete(id(section, key, name));
    },
    names: (section) => [...(names.get(section) ?? [])],
    addName: (section, name) => {
      const known = names.get(section);
      if (known) known.add(name);
      else names.set(section, new Set([name]));
    },
    all: () => [...values.values()],
  };
}

/** Said of quotes that are there after everybody had a chance to take them off. */
const QUOTES_STAY = "docker's --env-file and Kubernetes keep quotes; take them out if they are not meant";

function isOff(text: string): boolean {
  try {
    return parseValue('switch', text) === false;
  } catch (error) {
    if (error instanceof ValueError) return false;
    throw error;
  }
}

/** One variable may set two options, and be looked at before as a switch. */
function tellOnce(lines: string[], line: string): void {
  if (!lines.includes(line)) lines.push(line);
}

/** Reads `text` as the option's type into `settings`; a value that cannot be read, a refused and an unused option become problems. */
export function readOption(
  settings: Settings,
  option: Option,
  given: { readonly text: string; readonly origin: string; readonly name?: string },
  problems: Problems,
): void {
  const { text, origin, name = '' } = given;
  const isQuoted = /^(["']).*\1$/s.test(text);
  if (option.unused !== undefined) {
    if (option.type === 'switch' && isOff(text)) return;
    if (problems.dropped) problems.dropped.push({ option, origin, why: option.unused });
    else tellOnce(problems.warnings, `${origin} is ignored: ${option.unused}`);
    return;
  }
  let value: Value;
  try {
    value = parseValue(option.type, text);
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    tellOnce(problems.mistakes, `${origin}: ${error.message}${isQuoted ? `; ${QUOTES_STAY}` : ''}`);
    return;
  }
  if (isQuoted)
    tellOnce(problems.warnings, `${origin} has quotes around its value, which count as part of it: ${QUOTES_STAY}`);
  if (option.refused !== undefined) {
    if (value === false) return;
    if (problems.dropped) problems.dropped.push({ option, origin, why: option.refused });
    else problems.mistakes.push(`${origin}: not supported by this relay; ${option.refused}`);
    return;
  }
  if (option.key !== undefined) settings.set(option.section, option.key, name, { value, origin });
}
