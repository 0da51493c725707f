import { parseEnvText } from './env-text.ts';
import { hasReference, interpolate, type Lookup } from './interpolate.ts';
import { isObject } from './part.ts';
import type { Variable } from './variables.ts';

/** What is beside a docker-compose file. */
export interface ComposeSurroundings {
  /** Values for references: of the `.env` file beside it, and of the shell. */
  readonly lookup?: Lookup;
  readonly readFile?: (path: string) => string | undefined;
  readonly missing?: (subject: string, text: string) => void;
}

/**
 * The variables of one service: those of its `env_file`s, and `environment` over them, with references replaced as docker compose does. One
 * that refers to a variable without a value and without a default has no value; a name alone takes that of the shell.
 */
export function composeVariables(
  service: Record<string, unknown>,
  origin: string,
  around: ComposeSurroundings,
): Map<string, Variable> {
  const result = new Map<string, Variable>();
  const lookup = around.lookup ?? (() => undefined);
  for (const { path: written, required } of envFilesOf(service.env_file)) {
    const named = interpolate(written, lookup);
    const path = 'text' in named ? named.text : written;
    const text = around.readFile?.(path);
    if (text !== undefined) {
      // References in it are to what was set before in it, else to what those of the file are to.
      for (const [name, variable] of parseEnvText(text, path)) {
        const inner = (wanted: string): string | undefined => result.get(wanted)?.value ?? lookup(wanted);
        const isMeant = variable.value === undefined || variable.literal === true || !hasReference(variable.value);
        result.set(name, isMeant ? variable : variableOf(variable.value, variable.origin, inner));
      }
    } else if (required) {
      around.missing?.(
        `${origin}, env_file ${path}`,
        'which variables are in it is not known: it is not here; give it too, by --env',
      );
    }
  }
  for (const [name, text] of entriesOf(service.environment)) {
    result.set(name, variableOf(text ?? `\${${name}}`, origin, lookup));
  }
  return result;
}

function variableOf(text: string, origin: string, lookup: Lookup): Variable {
  const result = interpolate(text, lookup);
  if ('text' in result) return { value: result.text, origin, literal: true };
  return {
    source: `the variable ${result.missing} of the shell, or of a .env file beside the docker-compose file`,
    origin,
  };
}

/** Both forms of `environment`: a mapping, and a list of `NAME=value`; a name without a value is of the shell. */
function entriesOf(environment: unknown): [string, string | undefined][] {
  if (Array.isArray(environment)) {
    return environment
      .filter((entry) => typeof entry === 'string')
      .map((entry): [string, string | undefined] => {
        const equals = entry.indexOf('=');
        return equals < 0 ? [entry, undefined] : [entry.slice(0, equals), entry.slice(equals + 1)];
      });
  }
  if (!isObject(environment)) return [];
  return Object.entries(environment)
    .filter(([, value]) => typeof value !== 'object' || value === null)
    .map(([name, value]) => [name, value === null ? undefined : String(value)]);
}

function envFilesOf(given: unknown): { readonly path: string; readonly required: boolean }[] {
  const list = Array.isArray(given) ? given : given === undefined || given === null ? [] : [given];
  return list.flatMap((item) => {
    if (typeof item === 'string') return [{ path: item, required: true }];
    if (!isObject(item) || typeof item.path !== 'string') return [];
    return [{ path: item.path, required: item.required !== false }];
  });
}
