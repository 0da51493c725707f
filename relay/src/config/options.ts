import type { Option, Section } from './option.ts';
import { ENVIRONMENT_OPTIONS } from './options-environments.ts';
import { LIMIT_OPTIONS } from './options-limits.ts';
import { MAIN_OPTIONS } from './options-main.ts';
import { SERVICE_OPTIONS } from './options-services.ts';
import { UNSUPPORTED_OPTIONS } from './options-unsupported.ts';

/** Every option there is. The environment parser, the INI parser and `docs/configuration.md` are driven by this table. */
export const OPTIONS: readonly Option[] = withSecretFiles([
  ...MAIN_OPTIONS,
  ...LIMIT_OPTIONS,
  ...ENVIRONMENT_OPTIONS,
  ...SERVICE_OPTIONS,
  ...UNSUPPORTED_OPTIONS,
]);

/** Options of one section. */
export function optionsOf(section: Section): readonly Option[] {
  return OPTIONS.filter((option) => option.section === section);
}

/** Adds the option for a secret's file after the option for the secret. */
function withSecretFiles(options: readonly Option[]): Option[] {
  return options.flatMap((option) => {
    const secret = option.type === 'secret' || option.type === 'redisUrl';
    if (!secret || option.key === undefined) return [option];
    const fileEnv = option.fileEnv ?? (option.env === undefined ? undefined : `${option.env}_FILE`);
    const file: Option = {
      section: option.section,
      key: `${option.key}File`,
      ...(fileEnv === undefined ? {} : { env: fileEnv }),
      type: 'path',
      text: `File that holds the value of \`${option.key}\`.`,
      own: true,
    };
    return [option, file];
  });
}
